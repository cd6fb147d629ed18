"""The language of the pages: English in the code, Japanese beside it as data.

Every sentence of a page is written once, in English, where it is made: ``t("Too fast")``. The files
``data/ja/*.toml`` hold the Japanese of each, by the English text itself:

    "{n} times elsewhere" = "ほかを見た回数：{n}回"

A sentence that is missing there stays English; a test names every one that does.
"""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from importlib import resources

INTERFACES = ("en", "ja")

_current: ContextVar[str] = ContextVar("interface", default="en")


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """Make pages in a language ("en" or "ja") as long as the block lasts.

    Raises
    ------
    ValueError
        There is no interface in that language.
    """
    if language not in INTERFACES:
        raise ValueError(f"no interface in {language!r}: there are {', '.join(INTERFACES)}")
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def interface() -> str:
    """Return the language in which pages are made now."""
    return _current.get()


def t(text: str, /, **values: object) -> str:
    """Return a sentence in the language of the page, its ``{names}`` filled in."""
    if interface() != "en":
        text = catalogue(interface()).get(text, text)
    # A text that is no pattern of ours (a user's band, say) may hold braces.
    return text.format(**values) if values else text


def tn(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the sentence for one or for many; ``{n}`` in it is the count.

    The Japanese stands under the English of many.
    """
    if interface() != "en":
        return t(many, n=count, **values)
    return t(one if count == 1 else many, n=count, **values)


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the sentences of a language by their English text."""
    found: dict[str, str] = {}
    folder = resources.files("reports").joinpath("data", language)
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found
