"""When a service is asked, and about what: by what people have done, and what devices and our own rules tell. Pure."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alarms.board import Alarm, Presence
from charting.cds.config import Hook
from charting.trail.contents import Bolus, Coded, Infusion
from charting.trail.entries import SYSTEM, Advised, Entry, Moved, Opened, Set, Signed, content_json
from collector.model import UNMAPPED, AlarmType, Priority

SECOND_US = 1_000_000
LIFE_US: Mapping[Hook, int] = {
    "encounter-start": 60 * SECOND_US,
    "order-select": 10 * SECOND_US,
    "vitals-window": 30 * SECOND_US,
    "record-signed": 60 * SECOND_US,
}
"""So long after it came up a question is of use."""
KINDS = frozenset({"opened", "moved", "set", "advised", "signed"})
"""Of entries that bring up a question."""
_RAISED = frozenset({Priority.HIGH, Priority.MEDIUM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`reason`: why it is asked, the same for the same reason; `by`: whose act brought it up, "" nobody's.

    `chosen`: the item that somebody has chosen, of its document.
    """

    case: str
    hook: Hook
    reason: str
    at_us: int
    by: str = ""
    chosen: tuple[str, Bolus | Coded | Infusion] | None = None
    document: str = ""

    @property
    def until_us(self) -> int:
        return self.at_us + LIFE_US[self.hook]


def of_entry(entry: Entry) -> Question | None:
    """What an entry brings up; None: nothing."""

    def asked(hook: Hook, reason: str, **more: Any) -> Question:
        by = "" if entry.actor == SYSTEM else entry.actor
        return Question(case=entry.case, hook=hook, reason=reason, at_us=entry.at_us, by=by, **more)

    match entry.body:
        case Opened(area=area) | Moved(area=area):
            return asked("encounter-start", f"opened:{area}")
        case Set(
            after=0, item=item, content=Bolus() | Infusion() | Coded(use="technique") as chosen, document=document
        ):
            if entry.actor == SYSTEM:
                return None
            return asked("order-select", f"chosen:{_digest(chosen)}", chosen=(item, chosen), document=document)
        case Advised(phase="start", rule=rule):
            return asked("vitals-window", f"advised:{rule}")
        case Signed(document=document, version=version, slot=slot):
            return asked("record-signed", f"signed:{document}:{version}:{slot}", document=document)
        case _:
            return None


def of_alarms(case: str, alarms: Sequence[Alarm], at_us: int) -> Iterator[Question]:
    """A device says that a value is out of range."""
    for each in alarms:
        said = each.alarm
        if each.presence is Presence.PRESENT and said.type is AlarmType.PHYSIOLOGICAL and said.priority in _RAISED:
            what = said.source if said.code == UNMAPPED else said.code
            yield Question(case=case, hook="vitals-window", reason=f"alarm:{what}", at_us=at_us)


def _digest(chosen: Bolus | Coded | Infusion) -> str:
    """The same drug in the same dose is the same choice, whenever it is."""
    said = content_json(chosen)
    if isinstance(chosen, Infusion):
        said = {"drug": said["drug"], "unit": chosen.unit, "rate": chosen.rates[0].rate if chosen.rates else 0.0}
    told = {key: value for key, value in said.items() if key not in {"at_us", "note"}}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
