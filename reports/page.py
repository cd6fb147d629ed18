"""What all pages share: templates with autoescape, one style and one script each, a strict policy.

A page is one self-contained HTML file. It opens by double-click and asks no network. Text from
outside (transcript, question, note, file name) is escaped by Jinja2; data for the script goes
through `script_json`. The page's own policy allows exactly its one style and its one script.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent_encoded

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.language import interface, t, tn
from reports.wording import moment_clock, seconds


def render_page(
    template: str,
    *,
    styles: Sequence[str],
    scripts: Sequence[str],
    data: Any,
    **context: Any,
) -> str:
    """Return a page.

    Parameters
    ----------
    template : name of the template; it gets `context` and ``style``, ``script``, ``data`` (to be
        put into ``<script type="application/json" id="data">``), ``policy``, ``language`` and the
        functions ``t``, ``tn``, ``clock``, ``seconds``.
    styles, scripts : names of files beside the templates, put together in this order.
    data : what the script needs, plain JSON.
    """
    style, script = _joined(styles), _joined(scripts)
    html = (
        _environment()
        .get_template(template)
        .render(
            **context,
            data=script_json(data),
            style=Markup(style),
            script=Markup(script),
            policy=_policy(style, script),
            language=interface(),
            t=t,
            tn=tn,
            clock=moment_clock,
            seconds=seconds,
        )
    )
    # A file name that is not valid Unicode must not make the page unwritable.
    return html.encode("utf-8", "replace").decode("utf-8")


def media_link(media: Path, page: Path) -> str:
    """Return the address of a file for a page: relative, percent-encoded.

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


def _joined(names: Sequence[str]) -> str:
    return "\n".join(_asset(name) for name in names)


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
