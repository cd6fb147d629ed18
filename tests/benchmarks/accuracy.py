"""How accurate the analysis is: ``python tests/benchmarks/accuracy.py``.

The real pipeline, as a user runs it (language "auto", model "auto"), over every recording with
known truth that is at hand: the generated answers in each condition of the sound, the samples, and
real recordings. One table by condition, then one per question, and the targets of this version at
the end. It never fails: a target that is not met is printed as such. README.md says what is
counted.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
from pathlib import Path

import reliability
from cases import CLEAN, Answer, Case, Question, analyse_clips, target_table
from conditions_table import condition_tables, condition_targets
from cost import cost
from generated import ALL_CONDITIONS, Corpus, default_corpus, how_to_make
from questions_picture import closed_eyes, faces, looks, offset
from questions_sound import durations, long_silences, pauses, words_in_silence
from questions_words import (
    hesitation_times,
    hesitations,
    languages,
    lexical_fillers,
    pace,
    words,
)
from tables import Table
from truth import Clip, read_clips

QUESTIONS: tuple[Question, ...] = (
    long_silences,
    pauses,
    words_in_silence,
    durations,
    pace,
    words,
    languages,
    hesitations,
    hesitation_times,
    lexical_fillers,
    faces,
    looks,
    closed_eyes,
    offset,
)
COST_CLIPS = ("english_take", "japanese_take")


def main() -> None:
    """Measure, print, and write the figures where asked."""
    options = _options()
    corpus = Corpus.read(options.corpus, options.half) if options.corpus.is_dir() else None
    if corpus is None:
        print(how_to_make(options.corpus))
    else:
        print(corpus.description())
    real = read_clips()
    generated = list(corpus.clips) if corpus else []
    if options.only:
        real = [c for c in real if fnmatch.fnmatch(c.name, options.only)]
        generated = [c for c in generated if fnmatch.fnmatch(c.name, options.only)]
        if not (real or generated):
            raise SystemExit(f"no recording is named {options.only!r}")

    cases: list[Case] = []
    if corpus is not None:
        for condition in options.conditions:
            degrade = None if condition == CLEAN else corpus.degrader(condition)
            cases += analyse_clips(
                generated,
                condition=condition,
                degrade=degrade,
                model=options.model,
                keep=options.keep,
            )
    cases += analyse_clips(real, model=options.model, keep=options.keep)
    heard = {c.analysis.transcript.model for c in cases if c.analysis.transcript}
    print(f"Speech model: {', '.join(sorted(heard)) or 'none'}.")
    clean = [c for c in cases if c.condition == CLEAN]

    by_condition = condition_targets(cases)
    curves = _curves(cases)
    answers = [question(clean) for question in QUESTIONS]
    if not options.no_cost:
        answers.append(cost(_cost_clips(real)))
    answers.append(Answer(Table("", (), ()), by_condition.targets))
    tables = [
        *condition_tables(cases),
        *(reliability.table(pairs, name) for name, pairs in curves.items()),
        *(answer.table for answer in answers),
    ]
    tables = [table for table in tables if table.rows]
    for table in tables:
        print(f"\n{table.text()}")
    targets = target_table([t for answer in answers for t in answer.targets])
    print(f"\n{targets.text()}")
    if options.json:
        document = {
            "tables": [table.plain() for table in tables],
            "targets": targets.plain()["rows"],
        }
        text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
        options.json.write_text(text + "\n", encoding="utf-8")
        picture = options.json.with_suffix(".svg")
        picture.write_text(reliability.svg(curves), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="accuracy on recordings with known truth")
    parser.add_argument("--only", metavar="PATTERN", help="names of clips, for instance 'dc*'")
    parser.add_argument(
        "--corpus",
        metavar="FOLDER",
        type=Path,
        default=default_corpus(),
        help="generated answers; default: MENSETSU_CORPUS, else %(default)s",
    )
    parser.add_argument(
        "--half",
        choices=("test", "tuning"),
        default="test",
        help="of the voices; thresholds were chosen on the other one, so only test is reported",
    )
    parser.add_argument(
        "--conditions",
        metavar="A,B",
        type=_conditions,
        default=ALL_CONDITIONS,
        help=f"default: all ({', '.join(ALL_CONDITIONS)})",
    )
    parser.add_argument(
        "--model", metavar="NAME|PATH", default="auto", help="speech model; default: auto"
    )
    parser.add_argument("--no-cost", action="store_true", help="leave processor and memory out")
    parser.add_argument(
        "--json",
        metavar="FILE",
        type=Path,
        help="write all figures there too, and how sure the hesitations are beside it (.svg)",
    )
    parser.add_argument(
        "--keep",
        metavar="FOLDER",
        type=Path,
        help="keep each analysis.json there, and take those that are already there as they are",
    )
    return parser.parse_args()


def _conditions(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in ALL_CONDITIONS:
            known = ", ".join(ALL_CONDITIONS)
            raise argparse.ArgumentTypeError(f"no condition {name!r} (there are: {known})")
    return names


def _curves(cases: list[Case]) -> dict[str, list[tuple[float, bool]]]:
    clean = [c for c in cases if c.condition == CLEAN]
    corpus = [c for c in cases if c.clip.group == "corpus"]
    groups = {
        "generated, clean": [c for c in clean if c.clip.group == "corpus"],
        "generated, all conditions": corpus if len(corpus) > len(clean) else [],
        "samples and real": [c for c in clean if c.clip.group != "corpus"],
    }
    curves = {name: reliability.judged(group) for name, group in groups.items()}
    return {name: pairs for name, pairs in curves.items() if pairs}


def _cost_clips(clips: list[Clip]) -> list[Clip]:
    return [c for c in clips if c.name in COST_CLIPS]


if __name__ == "__main__":
    main()
