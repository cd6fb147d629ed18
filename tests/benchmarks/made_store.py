"""A store of many takes, made of one real analysis: for the benchmarks and tests of the pages.

Every take gets analysis.json, summary.json and a recording of its own. The numbers vary from take
to take, mildly better with time, and the words change places; the tracks are those of the real
analysis, so that the files have their real size.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from analysis.results import AnswerAnalysis
from analysis.storage import summary, to_json
from recorder.questions import read_bank
from recorder.session import (
    CaptureHealth,
    DevicesUsed,
    Question,
    Session,
    SetupUsed,
    Take,
    write_session,
)

TAKES_A_SESSION = 3
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


def make_store(
    root: Path,
    takes: int,
    analysis: AnswerAnalysis,
    *,
    newest: datetime | None = None,
    seed: int = 1,
) -> list[Path]:
    """Make a store of sessions with analysed takes and return the folders of the results.

    Parameters
    ----------
    root : the store; must not exist.
    takes : how many; three to a session, about three sessions in five days.
    analysis : what all of them are made of.
    newest : when the last session was; None = now.
    """
    chance = random.Random(seed)
    bank = read_bank()
    moment = (newest or datetime.now(UTC)) - timedelta(days=takes / TAKES_A_SESSION * 2.1)
    text = to_json(analysis)
    results: list[Path] = []
    used: set[str] = set()
    while len(results) < takes:
        moment += timedelta(days=chance.choice((1, 1, 2, 3)), minutes=chance.randrange(-200, 200))
        ending = "".join(chance.choice(SIGNS) for _ in range(4))
        id_ = f"{moment.astimezone():%Y-%m-%d-%H%M}-{ending}"
        if id_ in used:
            continue
        used.add(id_)
        folder = root / id_
        folder.mkdir(parents=True)
        made: list[Take] = []
        for number in range(1, min(TAKES_A_SESSION, takes - len(results)) + 1):
            question = chance.choice(bank[:12] if chance.random() < 0.8 else bank)
            take = _take(id_, number, question, analysis)
            progress = len(results) / takes
            results.append(_results(folder, take, analysis, text, progress, chance))
            made.append(take)
        setup = SetupUsed(moment.isoformat(timespec="seconds"), ("camera-found",), (), ())
        created = moment.astimezone(UTC).isoformat(timespec="seconds")
        write_session(Session(id_, created, "en", tuple(made), setup), folder)
    return results


def _take(session: str, number: int, question: Question, analysis: AnswerAnalysis) -> Take:
    return Take(
        id=f"{session}-{number:02}",
        question=question,
        media=f"{number:02}-{question.id}.mkv",
        duration_s=analysis.media.duration_s,
        sample_rate_hz=48_000,
        channels=1,
        frame_size_px=(1280, 720),
        health=CaptureHealth(frames_written=3000),
        devices=DevicesUsed("Built-in microphone", camera="Integrated camera", camera_rate_hz=30.0),
    )


def _results(
    folder: Path,
    take: Take,
    analysis: AnswerAnalysis,
    text: str,
    progress: float,
    chance: random.Random,
) -> Path:
    """Write the recording and the results of a take and return their folder."""
    media = folder / take.media
    media.write_bytes(b"\0" * 4096)
    results = media.with_name(f"{media.stem}-analysis")
    results.mkdir()
    facts = replace(
        analysis.media,
        name=media.name,
        path=f"../{media.name}",
        sha256=f"{chance.getrandbits(256):064x}",
    )
    own = replace(analysis, take_id=take.id, question=take.question, media=facts)
    (results / "summary.json").write_text(
        json.dumps(_varied(summary(own), progress, chance), ensure_ascii=False, indent=1)
    )
    # Only what differs is written anew: making it whole each time takes minutes for 500.
    data = json.loads(text)
    data |= {
        k: json.loads(to_json(replace(own, transcript=None, gaze=None, posture=None)))[k]
        for k in ("take_id", "media", "question")
    }
    if data["transcript"] is not None:
        _retell(data["transcript"]["words"], chance)
    (results / "analysis.json").write_text(
        json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    (results / "report.html").write_text("<!doctype html><title>report</title>", encoding="utf-8")
    return results


def _retell(words: list[dict[str, Any]], chance: random.Random) -> None:
    """Let a fifth of the words change places: no two takes tell the same sentences."""
    for word in words:
        if chance.random() < 0.2:
            other = chance.choice(words)
            word["text"], other["text"] = other["text"], word["text"]


def _varied(told: dict[str, object], progress: float, chance: random.Random) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in told.items():
        if isinstance(value, float) and math.isfinite(value) and key not in ("schema",):
            value = value * (1 + chance.gauss(0, 0.12)) * (1 - 0.15 * progress)
        elif type(value) is int and key.endswith(("_count", "_low", "_high")):
            value = max(0, round(value * (1.2 - 0.5 * progress) + chance.gauss(0, 1)))
        found[key] = value
    return found
