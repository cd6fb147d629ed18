"""Every sentence that the program may show on a page, found in its source and its data."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

from jinja2 import Environment, nodes

from reports import page, sight, sight_accuracy, sight_rows, targets, wording
from reports.drills import read_drills
from reports.measures import read_measures
from reports.repeat_noise import read_repeat_noise

ROOT = Path(page.__file__).parent.parent
SAY = {"t": 0, "tn": 1}
"""Functions of `reports.language`, and which argument is the key of the Japanese."""


def _toml(path: str) -> dict:
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


def _bands() -> list[dict]:
    return [entry for measures in _toml("reports/data/targets.toml").values() for entry in measures.values()]


def _pace_units() -> set[str]:
    return {"words/min", "characters/min"}


def _questions(*keys: str) -> set[str]:
    asked = _toml("recorder/data/questions.toml")["question"]
    return {q[key] for q in asked for key in keys if q.get(key)}


def _measures(*keys: str) -> set[str]:
    return {text for m in read_measures().values() for key in keys if (text := getattr(m, key))}


def _band_sources() -> set[str]:
    of_questions = {band["band_source"] for band in _toml("recorder/data/questions.toml")["bands"].values()}
    fixed = {"The band of this question.", "our judgement", "your own question file"}
    return {entry["source"] for entry in _bands()} | of_questions | fixed


def _figures() -> set[str]:
    names = (
        sight_accuracy.CALIBRATED_FIGURES,
        sight_accuracy.REAL_FIGURES,
        sight_accuracy.GAZE_FIGURES,
        sight_accuracy.POSTURE_FIGURES,
    )
    return {name for table in names for name in table.values()}


def _setup_titles() -> set[str]:
    def titles(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {value["title"]} if isinstance(value.get("title"), str) else set()
            return own.union(*(titles(v) for v in value.values()))
        return set().union(*(titles(v) for v in value)) if isinstance(value, list) else set()

    return titles(_toml("analysis/data/setup.toml"))


DRILLS = lambda *keys: {getattr(d, key) for d in read_drills().values() for key in keys}  # noqa: E731
TITLES, UNITS = _measures("title"), _measures("unit")

COMPUTED: dict[tuple[str, str], set[str]] = {
    ("answer.html.j2", "remark.drill.text"): DRILLS("text"),
    ("answer.html.j2", "remark.drill.title"): DRILLS("title"),
    ("answer_view.py", "question.intent"): _questions("intent"),
    ("answer_view.py", "question.structure"): _questions("structure"),
    ("answer_view.py", "text"): {e["text"] for e in _toml("reports/data/limits.toml")["limit"]},
    ("delivery.py", "track.unit"): _pace_units(),
    ("delivery.py", "unit"): _pace_units(),
    ("details.py", "against"): set(sight.AGAINST.values()),
    ("feedback.py", "band.unit"): _pace_units(),
    ("pace_chart.py", "track.unit"): _pace_units(),
    ("sight.py", "DIRECTIONS.get(name, name)"): set(sight.DIRECTIONS.values()),
    ("sight.py", "PLACES.get(kind, PLACES['elsewhere'])"): set(sight.PLACES.values()),
    ("sight.py", "next((WITHHELD[code] for code in codes if code in told), '')"): set(
        sight.WITHHELD.values()
    ),
    ("sight_accuracy.py", "_HIGHS[key]"): set(sight_accuracy._HIGHS.values()),
    ("sight_accuracy.py", "name"): _figures(),
    ("sight_accuracy.py", "on"): {
        table["on"] for table in _toml("reports/data/sight_accuracy.toml").values()
    },
    ("sight_rows.py", "against"): set(sight.AGAINST.values()),
    ("sight_rows.py", "lies"): {*sight_rows.PLACE_TEXTS.values(), sight_rows.CALIBRATED_SCREEN},
    ("targets.py", "caveat"): {c for c in targets.STRENGTHS.values() if c},
    ("targets.py", "self.source"): _band_sources(),
    ("wording.py", "LANGUAGE_NAMES.get(code or '', code or '')"): set(
        wording.LANGUAGE_NAMES.values()
    ),
}
