"""Alarms in the shape of an IHE PCD-04 report (ihe-pcd.md §4), for who speaks HL7 further on. Pure.

This is reporting, not alarming. A link that is lost has no phase there: what was told last stays active, and the
gateway's own condition of the link says that nothing is known.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from alarms.board import Alarm, Board, Presence, Seen
from collector.clock import rfc3339
from collector.model import AlarmPhase, AlarmType, Condition, Priority
from collector.technical import GATEWAY

ADVISORY = "advisory:"
"""How the sources of our own advisories begin."""
TOLD = 1_024
"""Reports that are remembered: what a broker has not acknowledged is told again, as it was."""

MOST_HISTORY = 5_000

_PRIORITIES: Mapping[Priority, str] = {
    Priority.HIGH: "PH", Priority.MEDIUM: "PM", Priority.LOW: "PL", Priority.INFORMATION: "PN",
}  # fmt: skip


class Phase(StrEnum):
    """MDC_ATTR_EVENT_PHASE. update: another text, or a person has seen it."""

    START = "start"
    CONTINUE = "continue"
    UPDATE = "update"
    ESCALATE = "escalate"
    DEESCALATE = "deescalate"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One message. `id` is its own (OBR-3), `parent` that of the alarm's first one (OBR-29), "" in the first.

    `type`: SP physiological, ST technical, SA an advisory of ours.
    """

    id: str
    parent: str
    code: str
    text: str
    source: str
    phase: Phase
    active: bool
    acknowledged: bool
    priority: str
    type: str

    def as_json(self) -> Mapping[str, object]:
        return {
            "id": self.id,
            "parent": self.parent or None,
            "event": {"code": self.code, "text": self.text},
            "source": self.source,
            "phase": self.phase.value,
            "state": "active" if self.active else "inactive",
            "inactivation": "alert-acknowledged" if self.acknowledged else "enabled",
            "priority": self.priority,
            "type": self.type,
        }


def report(before: Alarm | None, now: Alarm) -> Record:
    """What has become of an alarm: `before` is how it was reported last, None where it was not."""
    first = _id(now, now.onset_us)
    seen_now = now.seen is not None and before is not None and before.seen is None
    own = _id(now, now.seen.at_us if now.seen is not None and seen_now else now.told_us)
    return Record(
        id=own,
        parent="" if own == first else first,
        code=now.alarm.code,
        text=now.alarm.text,
        source=now.alarm.source,
        phase=_phase(before, now),
        active=now.presence is not Presence.ENDED,
        acknowledged=now.seen is not None,
        priority=_PRIORITIES[now.alarm.priority],
        type=_type(now),
    )


class Reporter:
    """Reports the changes of a bed's alarms in the order of its journal.

    history: changes in that order, of before the first one that is told, and perhaps of after it.
    """

    def __init__(self, bed: str, history: Iterable[Condition] = ()) -> None:
        self._history = deque(history, maxlen=MOST_HISTORY)
        self._ahead = set(self._history)
        self._board = Board(bed)
        self._standing: dict[tuple[str, str], tuple[Condition, Alarm]] = {}
        self._told: dict[Condition, tuple[Alarm | None, Alarm]] = {}

    def tell(self, change: Condition) -> Record:
        """The report of a change; the same one where it is told again. Raises ValueError for a time without a date."""
        newer = bool(self._history) and change.time_us > self._history[-1].time_us
        while self._history and (newer or change in self._ahead):
            self._hear(self._history.popleft())
        if change not in self._told:
            self._hear(change)
        return report(*self._told[change])

    def see(self, device: str, source: str, onset_us: int, seen: Seen) -> tuple[Condition, Record] | None:
        """The last change of an alarm, with the report that a person has seen it; None where it is over or seen."""
        change, before = self._standing.get((device, source), (None, None))
        marked = self._board.see(device, source, onset_us, seen) if change is not None else ()
        if change is None or not marked:
            return None
        self._standing[device, source] = change, marked[0]
        self._told[change] = before, marked[0]
        return change, report(before, marked[0])

    def _hear(self, change: Condition) -> None:
        self._ahead.discard(change)
        key = change.device, change.alarm.source
        last, before = self._standing.get(key, (None, None))
        changed = [one for one in self._board.hear(change) if (one.device, one.alarm.source) == key]
        again = before if last == change else None
        now = changed[-1] if changed else again or _alone(change)  # _alone: older, or the end of what nobody heard of
        if changed and now.presence is Presence.ENDED:
            self._standing.pop(key, None)
        elif changed:
            self._standing[key] = change, now
        same = before is not None and before.onset_us == now.onset_us
        self._told[change] = (before if same else None), now
        if len(self._told) > TOLD:
            del self._told[next(iter(self._told))]


def _phase(before: Alarm | None, now: Alarm) -> Phase:
    if now.presence is Presence.ENDED:
        return Phase.END
    if before is None:
        return Phase.START if now.alarm.phase is AlarmPhase.START else Phase.CONTINUE
    risen = before.alarm.priority.rank - now.alarm.priority.rank
    if risen:
        return Phase.ESCALATE if risen > 0 else Phase.DEESCALATE
    unchanged = (before.alarm.text, before.alarm.code, before.seen) == (now.alarm.text, now.alarm.code, now.seen)
    return Phase.CONTINUE if unchanged else Phase.UPDATE


def _type(alarm: Alarm) -> str:
    if alarm.device == GATEWAY and alarm.alarm.source.startswith(ADVISORY):
        return "SA"
    return "SP" if alarm.alarm.type is AlarmType.PHYSIOLOGICAL else "ST"


def _id(alarm: Alarm, at_us: int) -> str:
    return f"{alarm.bed}/{alarm.device}/{alarm.alarm.source}/{rfc3339(at_us)}"


def _alone(change: Condition) -> Alarm:
    ends = change.alarm.phase is AlarmPhase.END
    return Alarm(
        bed=change.bed,
        device=change.device,
        alarm=change.alarm,
        onset_us=change.time_us,
        told_us=change.time_us,
        presence=Presence.ENDED if ends else Presence.PRESENT,
        since_us=change.time_us,
        highest=change.alarm.priority,
    )
