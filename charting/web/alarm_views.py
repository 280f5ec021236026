"""What pages show of alarms: a card for each bed, a strip on every page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alarms.board import Presence
from charting.trail.trail import CaseRow
from charting.watch.state import BedAlarms, Doubt
from charting.web.api.advisories import AdvisoryOut, PatientOut, patient_out
from charting.web.api.alarms import AlarmOut, alarm_out
from charting.web.context import Context
from charting.web.department import Bed
from collector.links import device_of
from collector.model import Priority

_NONE = len(Priority)
STRIP = 3
"""Alarms of a case's own bed that its pages write out; the others, and all advisories but the first, are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A bed. `idle`: not in use, nothing is known of it."""

    bed: Bed
    rows: Sequence[CaseRow]
    patients: Sequence[PatientOut]
    state: BedAlarms
    alarms: Sequence[AlarmOut]

    @property
    def rank(self) -> int:
        """Of its highest alarm; `_NONE` without one."""
        return min((alarm.priority.rank for alarm in self.alarms), default=_NONE)

    @property
    def idle(self) -> bool:
        known = self.state.doubt not in {None, Doubt.UNREAD, Doubt.HALTED}
        return known and not self.alarms and not self.rows

    @property
    def advisories(self) -> Sequence[AdvisoryOut]:
        """Of all patients at the bed, but for those that somebody has put off."""
        return [each for patient in self.patients for each in patient.advisories if each.put_off_us is None]

    @property
    def priority(self) -> str:
        """Of the highest; "" without one."""
        return self.alarms[0].priority if self.alarms else ""

    @property
    def unheard(self) -> Sequence[str]:
        """Devices that are not heard, where nothing else says so."""
        if self.state.doubt is not None:
            return []
        told = {device_of(alarm.source) for alarm in self.alarms}
        return [device for device, heard in self.state.devices.items() if not heard and device not in told]


def cards(here: Context) -> Sequence[Card]:
    """Of all beds: the highest alarm first, of the same priority one that nobody has seen; then as configured."""
    board = here.department.watch.board()
    found = []
    for bed in here.beds:
        state = board.beds[bed.id]
        found.append(
            Card(
                bed=bed,
                rows=board.cases(bed.id),
                patients=[patient_out(here, row) for row in board.cases(bed.id)],
                state=state,
                alarms=[alarm_out(here, alarm) for alarm in state.alarms],
            )
        )
    return sorted(found, key=lambda card: (card.rank, _is_seen(card)))


def _is_seen(card: Card) -> bool:
    return all(alarm.seen_by is not None for alarm in card.alarms if alarm.priority.rank == card.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A bed in the strip. `counts`: priority → how many alarms stand; `unknown`: something of it is not known."""

    bed: str
    priority: str
    counts: Mapping[str, int]
    unknown: bool
    seen: bool
    advisories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """`own`: the alarms of the bed that the page is about, `more` those that are not written out. `idle`: beds that
    nobody uses and nothing is known of. `known`: of all beds, and of that of the page's case. `halted`: the watch
    itself stands still.
    """

    own_bed: str
    own: Sequence[AlarmOut]
    more: int
    own_known: bool
    advisories: Sequence[AdvisoryOut]
    chips: Sequence[Chip]
    idle: int
    known: bool
    halted: bool


def strip(here: Context, case: str) -> Strip:
    """`case`: what the page is about; "": the department."""
    found = cards(here)
    row = next((row for row in here.department.watch.board().rows if row.case == case), None)
    own = next((card for card in found if row is not None and card.bed.id == row.bed), None)
    shown = [card for card in found if card is not own and _is_shown(card)]
    return Strip(
        own_bed=row.bed if row else "",
        own=own.alarms[:STRIP] if own else [],
        more=max(0, len(own.alarms) - STRIP) if own else 0,
        own_known=own is not None and own.state.known,
        advisories=[a for p in own.patients if p.case == case for a in p.advisories if a.put_off_us is None]
        if own
        else [],
        chips=[_chip(card) for card in shown],
        idle=sum(card.idle for card in found),
        known=all(card.state.known for card in found) and (own is not None or not case),
        halted=any(card.state.doubt is Doubt.HALTED for card in found),
    )


def _is_shown(card: Card) -> bool:
    return bool(card.alarms or card.advisories) or not (card.state.known or card.idle)


def _chip(card: Card) -> Chip:
    counts = Counter(str(alarm.priority) for alarm in card.alarms)
    unsure = any(alarm.presence is Presence.UNKNOWN for alarm in card.alarms)
    return Chip(
        bed=card.bed.id,
        priority=card.priority,
        counts={str(priority): counts[priority] for priority in Priority if counts[priority]},
        unknown=unsure or not card.state.known,
        seen=bool(card.alarms) and _is_seen(card),
        advisories=len(card.advisories),
    )
