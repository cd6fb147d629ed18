"""Every sentence that a page may show, found in the source of the program and in its data."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, nodes

from reports import language, sight, sight_accuracy, sight_rows, targets, wording
from reports.drills import read_drills
from reports.measures import read_measures

ROOT = Path(language.__file__).parent.parent
TEMPLATES = ROOT / "reports" / "templates"
KEY_AT = {"t": 0, "tn": 1}
"""Functions of `reports.language`, and which argument is the key of the Japanese."""


def toml(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


def _measures(key: str) -> set[str]:
    return {text for m in read_measures().values() if (text := getattr(m, key))}


def _drills(key: str) -> set[str]:
    return {getattr(drill, key) for drill in read_drills().values()}


def _questions(key: str) -> set[str]:
    return {question[key] for question in toml("recorder/data/questions.toml")["question"]}


def _band_sources() -> set[str]:
    ours = (e for measures in toml("reports/data/targets.toml").values() for e in measures.values())
    asked = toml("recorder/data/questions.toml")["bands"].values()
    fixed = {"The band of this question.", "our judgement", "your own question file"}
    return {e["source"] for e in ours} | {e["band_source"] for e in asked} | fixed


FIGURES = (
    sight_accuracy.CALIBRATED_FIGURES,
    sight_accuracy.REAL_FIGURES,
    sight_accuracy.GAZE_FIGURES,
    sight_accuracy.POSTURE_FIGURES,
)
LANGUAGES = set(wording.LANGUAGE_NAMES.values())
UNITS = _measures("unit") - {"dB", "dBFS", "share"}
"""The others are the same in Japanese, or told as percent."""

COMPUTED: dict[str, set[str]] = {
    "LANGUAGE_NAMES.get(code or '', code or '')": LANGUAGES,
    "language_name(after.language)": set(),
    "language_name(before.language)": set(),
    "language_name(code)": set(),
    "band.cited": set(),
    "measure.title": _measures("title"),
    "d.measure.title": _measures("title"),
    "self.measure.title": _measures("title"),
    "self.about.title": _measures("title"),
    "measure.unit": UNITS,
    "self.unit": UNITS,
    "measure.why": _measures("why"),
    "remark.drill.title": _drills("title"),
    "remark.drill.text": _drills("text"),
    "goal.drill.drill.title": _drills("title"),
    "question.intent": _questions("intent"),
    "question.structure": _questions("structure"),
    "answer_view.py: text": {e["text"] for e in toml("reports/data/limits.toml")["limit"]},
    "track.unit": UNITS,
    "delivery.py: unit": UNITS,
    "band.unit": UNITS,
    "against": set(sight.AGAINST.values()),
    "sight.py: DIRECTIONS.get(name, name)": set(sight.DIRECTIONS.values()),
    "sight.py: PLACES.get(kind, PLACES['elsewhere'])": set(sight.PLACES.values()),
    "sight.py: next((WITHHELD[code] for code in codes if code in told), '')": set(
        sight.WITHHELD.values()
    ),
    "sight_accuracy.py: _HIGHS[key]": set(sight_accuracy._HIGHS.values()),
    "sight_accuracy.py: name": {name for table in FIGURES for name in table.values()},
    "sight_accuracy.py: on": {f["on"] for f in toml("reports/data/sight_accuracy.toml").values()},
    "sight_rows.py: lies": {*sight_rows.PLACE_TEXTS.values(), sight_rows.CALIBRATED_SCREEN},
    "targets.py: caveat": {caveat for caveat in targets.STRENGTHS.values() if caveat},
    "targets.py: self.source": _band_sources(),
    "session_page.py: titles.get(item, item)": {
        item["title"] for item in toml("analysis/data/setup.toml").values()
    },
}
"""What is no literal: the expression that is translated (of one file, where it is named) and the
texts it may stand for; none where they come translated or are told elsewhere in this table."""

EXERCISES = _drills("exercise")
"""The questions of recorded exercises, which come in both languages."""


def calls() -> Iterator[tuple[str, list[str] | None, str]]:
    """Yield file, texts and expression of every call; texts None = it is no literal."""
    for folder in ("reports", "app"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file != Path(language.__file__):
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                        argument = _key(node.func.id, node.args)
                        if argument is not None:
                            yield file.name, literals(argument), ast.unparse(argument)
    for file in sorted(TEMPLATES.glob("*.j2")):
        for node in Environment().parse(file.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(node.node, nodes.Name):
                argument = _key(node.node.name, node.args)
                if argument is not None:
                    yield file.name, _in_template(argument), _unparsed(argument)


def _key(function: str, arguments: list[Any]) -> Any:
    at = KEY_AT.get(function)
    return None if at is None or len(arguments) <= at else arguments[at]


def literals(node: ast.expr) -> list[str] | None:
    """Return what an expression of literals can be; None = it is something else."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else None
    if isinstance(node, ast.IfExp):
        return _both(literals(node.body), literals(node.orelse))
    return None


def _in_template(node: nodes.Node) -> list[str] | None:
    if isinstance(node, nodes.Const):
        return [node.value] if isinstance(node.value, str) else None
    if isinstance(node, nodes.CondExpr) and node.expr2 is not None:
        return _both(_in_template(node.expr1), _in_template(node.expr2))
    return None


def _both(one: list[str] | None, other: list[str] | None) -> list[str] | None:
    return None if one is None or other is None else one + other


def _unparsed(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_unparsed(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else repr(node)


def computed(file: str, expression: str) -> set[str] | None:
    """Return what an expression may stand for; None = nobody told."""
    return COMPUTED.get(f"{file}: {expression}", COMPUTED.get(expression))


def sources() -> set[str]:
    """Return every English text that needs a Japanese one."""
    found = set(EXERCISES)
    for file, texts, expression in calls():
        found.update(texts if texts is not None else computed(file, expression) or ())
    return found


def caution_patterns() -> dict[str, str]:
    """Return the sentences of all cautions of the analysis, each with its place in the source.

    What is filled in is ``{}``.
    """
    found: dict[str, str] = {}
    for file in sorted((ROOT / "analysis").glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Caution":
                place = f"{file.name}:{node.lineno}"
                texts = list(_texts(node.args[1], tree))
                assert texts, f"{place}: what it says can't be found"
                found.update((text, place) for text in texts)
    return found


def _texts(node: ast.expr, tree: ast.AST) -> Iterator[str]:
    """Yield the patterns that an expression stands for."""
    if isinstance(node, ast.Constant):
        yield normal(str(node.value))
    elif isinstance(node, ast.JoinedStr):
        parts = (v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
        yield "".join(str(part) for part in parts)
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format":
        yield from _texts(node.func.value, tree)  # type: ignore[attr-defined]
    elif isinstance(node, ast.Name):
        yield from _named(node.id, tree)


def _named(name: str, tree: ast.AST) -> Iterator[str]:
    """Yield what a name is set to, or goes through in a loop over the items of a table."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets):
            yield from _texts(node.value, tree)
        elif isinstance(node, ast.For) and name in ast.unparse(node.target):
            table = ast.unparse(node.iter).removesuffix(".items()")
            for other in ast.walk(tree):
                if isinstance(other, ast.Assign) and table in map(ast.unparse, other.targets):
                    assert isinstance(other.value, ast.Dict)
                    for value in other.value.values:
                        yield from _texts(value, tree)


def normal(pattern: str) -> str:
    """Return a pattern without the names of its placeholders."""
    return re.sub(r"\{\w+\}", "{}", pattern)


def placeholders(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in re.findall(r"\{(\w+)\}", text)}
