"""Analysed takes in a data folder, made as the commands make them, with numbers of a test's own."""

import functools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from analysis.media import file_sha256
from analysis.results import Filler
from app.answer_parts import render_report
from app.goal_check import note_take
from app.results_folder import prepare_folder
from recorder.questions import find_question, read_bank
from recorder.session import CaptureHealth, DevicesUsed, Session, Take, write_session
from tests.reports.conftest import build

QUESTION = find_question(read_bank(), "self-introduction")


def days(number):
    """Return a time so many days from now, as sessions keep it."""
    return (datetime.now(UTC) + timedelta(days=number)).isoformat(timespec="seconds")


def with_fillers(answer, count):
    """Return an answer with so many hesitations, evenly spread, and no other fillers."""
    start, length_s = answer.speech.answer.start, answer.speech.answer_s
    at = [start + (i + 0.5) * length_s / max(1, count) for i in range(count)]
    return replace(
        answer,
        fillers=tuple(Filler(s, s + 0.3, "um", "acoustic", 0.9, True) for s in at),
    )


def made(count, *, language="en", question=QUESTION):
    """Return an answer to a question with so many hesitations."""
    return replace(with_fillers(build(language=language), count), question=question)


def put(answer, media, take_id, *, note=True, language="en"):
    """Write the results of a recording as 'analyse' does, and return their folder."""
    sha256 = file_sha256(media)
    known = replace(answer.media, name=media.name, path=media.name, sha256=sha256)
    answer = replace(answer, take_id=take_id, media=known)
    page = functools.partial(render_report, language=language)
    folder = prepare_folder(media, None).write(answer, page)
    if note:
        note_take(answer, folder)
    return folder


def session(store, name, created, answers, *, goals=(), analysed=True, language="en"):
    """Make a session of answered questions; returns its folder."""
    folder = store / name
    folder.mkdir(parents=True)
    takes = []
    for number, answer in enumerate(answers, 1):
        media = f"{number:02}-{answer.question.id}.mkv"
        (folder / media).write_bytes(f"{name} {number}".encode())
        takes.append(
            Take(
                id=f"{name}-{number:02}",
                question=answer.question,
                media=media,
                duration_s=answer.media.duration_s,
                sample_rate_hz=48_000,
                channels=1,
                frame_size_px=None,
                health=CaptureHealth(),
                goal=goals[number - 1] if number <= len(goals) else None,
                devices=DevicesUsed("Mic"),
            )
        )
    write_session(Session(name, created, language, tuple(takes)), folder)
    if analysed:
        for take, answer in zip(takes, answers, strict=True):
            put(answer, folder / take.media, take.id)
    return folder
