"""Our own advisories to one destination, as PCD-04 of the type SA: what they say, and by which rule. Pure.

As a device's alarm: the start is of no use after a time, the end has none (charting.results.reporting).
"""

from collections.abc import Iterator

from alarms.advisories import Lang, Level
from alarms.pcd04 import ADVISORY, Phase, Record
from charting.case.state import Case
from charting.outbox.config import Destination
from charting.outbox.parcel import Parcel
from charting.results.alarms import ALERT, rows
from charting.results.message import Sender, parcel, patient, visit
from charting.trail.entries import Advised, Entry
from charting.watch.advice import level_of, text_of
from collector.clock import rfc3339
from collector.technical import GATEWAY

KINDS = ("advised",)

_PRIORITIES = {Level.HIGH: "PH", Level.MEDIUM: "PM", Level.LOW: "PL"}
"""The others ask for nothing at once: PN."""


class Advising:
    """`late_us`: how long a start is of use."""

    def __init__(self, sender: Sender, to: Destination, lang: Lang, late_us: int) -> None:
        self._sender = sender
        self._to = to
        self._lang: Lang = lang
        self._late_us = late_us

    def compose(self, entry: Entry, before: Case | None, after: Case) -> Iterator[Parcel]:
        """An advisory began or ended. Nothing of a patient whose number is not known."""
        said, who = entry.body, after.patient
        if not isinstance(said, Advised) or not who.number:
            return
        begun = said if said.phase == "start" or before is None else _begun(before, said)
        id_ = f"{after.id}/{ADVISORY}{said.rule}/{rfc3339(begun.at_us)}"
        starts = said.phase == "start"
        record = Record(
            id=id_ if starts else f"{id_}/end",
            parent="" if starts else id_,
            code=said.rule,
            text=text_of(said.rule, begun.said, self._lang),
            source=f"{ADVISORY}{said.rule}",
            phase=Phase.START if starts else Phase.END,
            active=starts,
            acknowledged=False,
            priority=_PRIORITIES.get(Level(level_of(said.rule) or Level.INFORMATION), "PN"),
            type="SA",
        )
        yield parcel(
            self._sender,
            self._to,
            ALERT,
            [
                patient(self._sender, who),
                visit(self._sender, who, after.bed),
                *rows(self._sender, record, GATEWAY, said.at_us),
            ],
            key=f"advisory/{self._to.name}/{entry.seq}",
            at_us=entry.at_us,
            trying=after.is_test,
            lane=f"advisory/{after.id}/{said.rule}",
            case=after.id,
            until_us=said.at_us + self._late_us if starts else None,
        )


def _begun(case: Case, ended: Advised) -> Advised:
    """What an end ends."""
    return next((each for each in reversed(case.advised) if (each.rule, each.phase) == (ended.rule, "start")), ended)
