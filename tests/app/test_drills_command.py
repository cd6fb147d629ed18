"""`drills`, and the report of a recorded exercise."""

import json
from dataclasses import replace

from reports.drills import drill_question, read_drills
from tests.app.practised import days, made, session

DRILL = read_drills()["silent-gaps"]


def exercise(count):
    return replace(made(count), question=drill_question(DRILL))


def test_the_list(mensetsu):
    shown = mensetsu("drills")
    assert shown.code == 0
    for drill in read_drills().values():
        assert f"{drill.id}  ({drill.seconds:g} s)\n  {drill.title}; trains: " in shown.out
    found = json.loads(mensetsu("drills", "--json").out)
    assert [d["id"] for d in found] == list(read_drills())
    assert all(30 <= d["seconds"] <= 60 for d in found)


def test_its_report_opens_with_what_it_trains_and_last_time(home):
    store = home / "sessions"
    first = session(store, "2026-11-01-0900-aaaa", days(-2), [exercise(40)])
    again = session(store, "2026-11-02-0900-bbbb", days(-1), [exercise(3)])
    pages = [
        (folder / "01-drill-silent-gaps-analysis" / "report.html").read_text("utf-8")
        for folder in (first, again)
    ]
    for html in pages:
        assert html.index('id="drill-title"') < html.index('id="glance-title"')
        assert "Exercise: Close the mouth, then think" in html
        assert "mensetsu record --drill silent-gaps" in html
    assert "first time" in pages[0]
    assert "first time" not in pages[1]
    assert '<span class="drill-change">(better)</span>' in pages[1]
