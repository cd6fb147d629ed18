"""The report page of an answer: one self-contained HTML file.

It opens by double-click, asks no network and plays the recording that lies beside it. Text from
outside (transcript, question, file name) is escaped by Jinja2; data for the script goes through
`script_json`. The page's own policy allows exactly its one style and its one script.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent_encoded

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analysis.results import AnswerAnalysis
from reports.answer_view import answer_view
from reports.targets import Targets
from reports.wording import moment_clock, seconds


def render_answer(
    analysis: AnswerAnalysis,
    *,
    media_href: str | None,
    targets: Targets,
    created: str | None = None,
) -> str:
    """Return the report page of an answer.

    Parameters
    ----------
    analysis : what was measured.
    media_href : address of the recording as seen from the page (see `media_link`); None = none.
    targets : bands to hold the numbers against.
    created : when it was recorded, ISO 8601; None = show when it was analysed.
    """
    view = answer_view(analysis, media_href=media_href, targets=targets, created=created)
    style, script = _asset("answer.css"), _asset("answer.js")
    data = {
        "duration_s": round(view.duration_s, 3),
        "player_zero_s": round(view.player_zero_s, 3),
        "words": [[round(start, 3), round(end, 3)] for start, end in view.word_times],
    }
    page = _environment().get_template("answer.html.j2")
    html = page.render(
        view=view,
        data=script_json(data),
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
        clock=moment_clock,
        seconds=seconds,
        drill_length=_drill_length,
    )
    # A file name that is not valid Unicode must not make the page unwritable.
    return html.encode("utf-8", "replace").decode("utf-8")


def media_link(media: Path, page: Path) -> str:
    """Return the address of a recording for a page: relative, percent-encoded.

    On another Windows drive, where no relative path exists, it is a file URI.
    """
    try:
        relative = os.path.relpath(media, page.parent)
    except ValueError:
        return media.absolute().as_uri()
    # By bytes: a file name need not be valid Unicode.
    parts = relative.replace(os.sep, "/").split("/")
    return "/".join(percent_encoded(os.fsencode(part), safe="") for part in parts)


def script_json(data: Any) -> Markup:
    """Return JSON that is safe inside a script element."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


@cache
def _asset(name: str) -> str:
    text = resources.files("reports").joinpath("templates", name).read_text(encoding="utf-8")
    # Browsers normalise line ends before hashing for the policy.
    return text.replace("\r\n", "\n")


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_sha256(style)}'",
            f"script-src '{_sha256(script)}'",
            "media-src 'self' file: data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _sha256(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"sha256-{digest}"


def _drill_length(length_s: float) -> str:
    minutes = length_s / 60
    return f"{minutes:g} min" if minutes >= 1 else f"{length_s:g} s"
