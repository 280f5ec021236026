"""Alarm messages as conditions (fact sheet mindray-and-chinese-hl7 §1.5).

A message with alarm rows lists all alarms of its kind that there are: captures show seven at once in one message. What
it does not list has ended, and so has all that a message with status 0 ("no more") does not list. Nothing is ended by a
message that only tells another status.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from collector.hl7 import times
from collector.hl7.message import Message, Segment
from collector.model import UNMAPPED, AlarmCondition, AlarmPhase, AlarmType, Priority
from drivers.mindray_pds import tables

NO_MORE = "0"
_ASTERISKS: Mapping[int, Priority] = {3: Priority.HIGH, 2: Priority.MEDIUM, 1: Priority.LOW}
_LEVELS: Mapping[str, Priority] = {"0": Priority.HIGH, "1": Priority.MEDIUM, "2": Priority.LOW}
"""OBX-4 of a physiological alarm, with the coding of row 2009: `1` stands beside two asterisks in every capture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A kind of alarm, and the row that tells its status."""

    type: AlarmType
    status: str


ALARM_ROWS: Mapping[str, Rows] = {
    "2": Rows(type=AlarmType.PHYSIOLOGICAL, status="2040"),
    "4": Rows(type=AlarmType.TECHNICAL, status="2041"),
}
"""By OBX-3."""


class Alarms:
    """technical: the priority of technical alarms that tell none. Physiological ones that tell none count as high."""

    def __init__(self, standing: Sequence[AlarmCondition], technical: Priority) -> None:
        self._unknown = {AlarmType.PHYSIOLOGICAL: Priority.HIGH, AlarmType.TECHNICAL: technical}
        self._standing: dict[str, dict[str, AlarmCondition]] = {
            number: {one.source: one for one in standing if one.type is rows.type}
            for number, rows in ALARM_ROWS.items()
        }
        self._inherited = {number: bool(standing) for number in ALARM_ROWS}

    def conditions(self, message: Message) -> Iterator[AlarmCondition]:
        for number, rows in ALARM_ROWS.items():
            listed: dict[str, AlarmCondition] = {}
            whole = False
            for row in message.all("OBX"):
                name = row.component(3).strip()
                if name == number:
                    condition = self._condition(number, rows.type, row)
                    listed[condition.source] = condition
                elif name == rows.status and row.component(5).strip() == NO_MORE:
                    whole = True
            if listed or whole:
                yield from self._change(number, listed)

    def _change(self, number: str, listed: Mapping[str, AlarmCondition]) -> Iterator[AlarmCondition]:
        before = self._standing[number]
        for source, condition in before.items():
            if source not in listed:
                yield replace(condition, phase=AlarmPhase.END, device_time_us=None)
        for source, condition in listed.items():
            known = before.get(source)
            if known is None:
                yield condition
            elif self._inherited[number] or _said(known) != _said(condition):
                yield replace(condition, phase=AlarmPhase.CONTINUE)
        self._standing[number] = dict(listed)
        self._inherited[number] = False

    def _condition(self, number: str, kind: AlarmType, row: Segment) -> AlarmCondition:
        name, text = row.component(5).strip(), row.component(5, 2)
        marks = text[: len(text) - len(text.lstrip("*"))]
        level = row.component(4).strip()
        priority = _ASTERISKS.get(min(len(marks), 3)) or _LEVELS.get(level) or self._unknown[kind]
        return AlarmCondition(
            source=f"{number}/{name or text.strip('* ')}",
            type=kind,
            priority=priority,
            phase=AlarmPhase.START,
            code=tables.alarms().get((number, name), UNMAPPED),
            text=text,
            device_priority=marks or level,
            device_time_us=_time_us(row),
        )


def _said(condition: AlarmCondition) -> tuple[Priority, str, str]:
    """What makes a change: whether OBX-14 is the onset or the message's time, the sheet does not say."""
    return condition.priority, condition.text, condition.device_priority


def _time_us(row: Segment) -> int | None:
    found = times.parse(row.field(14))
    return found.digits_us if found else None
