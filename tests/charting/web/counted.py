"""The department of 40 cases that were written by hand (tests/data/department), in December, with its web pages."""

import tomllib
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import FastAPI

from charting.fill.types import CellState
from charting.quality.figures import set_figure
from charting.trail.contents import Finding
from charting.trail.entries import SYSTEM, Filled
from tests.charting.clock import Clock
from tests.charting.quality.hand import DATA, department
from tests.charting.web.hospital import MINUTE_US, Hospital, cell

MONTH = "2026-11"
CASE = "c06"
"""One whose anaesthesia record devices could have filled."""
EXPECTED: Mapping[str, Any] = tomllib.loads((DATA / "expected.toml").read_text(encoding="utf-8"))
"""What the month comes to, worked out by hand."""


def counted(**more: Any) -> Hospital:
    made = department()
    hospital = Hospital(trail=made.trail, clock=Clock(made.now_us), **more)
    for key, told in EXPECTED["figures"].items():
        set_figure(hospital.desk, hospital.actor("quality"), key=key, of=told["of"], value=told["value"])
    return hospital


async def ask(hospital: Hospital, path: str, account: str = "head", lang: str = "en") -> Any:
    """What the API (JSON) or a page (its text) answers, in the person's one session: signing in takes long."""
    kept = _SESSIONS.setdefault(hospital.app, {})
    async with hospital.client("" if account in kept else account, lang) as client:
        if account in kept:
            client.cookies.update(kept[account])
        else:
            kept[account] = dict(client.cookies)
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json() if path.startswith("/api/") else answer.text


_SESSIONS: WeakKeyDictionary[FastAPI, dict[str, dict[str, str]]] = WeakKeyDictionary()


def suggest(hospital: Hospital, case: str = CASE) -> None:
    """A candidate of aspiration: on leaving the theatre SpO₂ was not held on room air."""
    known = hospital.desk.case(case)
    leaving = known.event("t_room_out")
    assert leaving is not None
    document = next(d.id for d in known.documents.values() if d.template == "anaesthesia_record")
    marks = [leaving.at_us // MINUTE_US * MINUTE_US - n * MINUTE_US for n in range(5)]
    cells = tuple(
        cell(signal, mark, value, "%", state=CellState.CHARTED)
        for mark in marks
        for signal, value in (("fio2", 21.0), ("spo2", 85.0))
    )
    filled = Filled(document=document, since_us=0, until_us=0, cells=cells, gaps=(), excursions=())
    hospital.trail.append(SYSTEM, case, [filled], row=hospital.trail.row(case))


def find(hospital: Hospital, case: str, key: str, value: Any = "yes", **details: str) -> None:
    """A person states a finding."""
    after = hospital.desk.case(case).items.get(f"finding:{key}")
    hospital.desk.set(
        hospital.actor("head"),
        case,
        document="",
        item=f"finding:{key}",
        after=after.number if after else 0,
        content=Finding(key=key, value=value, details=details),
        reason="judgement" if after else "",
    )
