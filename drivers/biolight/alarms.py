"""Messages AP01 and AT01 as alarm conditions.

Known from one other program only: OBX-3 is module and part, OBX-5 the alarm's number. Taken as lists: what a message
does not list has ended. Numbers have no texts, and no priority is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from collector.hl7 import times
from collector.hl7.message import Message, Segment
from collector.model import UNMAPPED, AlarmCondition, AlarmPhase, AlarmType, Priority
from drivers.biolight import tables
from drivers.biolight.frames import PHYSIOLOGICAL, TECHNICAL

TYPES: Mapping[str, AlarmType] = {PHYSIOLOGICAL: AlarmType.PHYSIOLOGICAL, TECHNICAL: AlarmType.TECHNICAL}


class Alarms:
    """priorities: by type, for the messages tell none."""

    def __init__(self, standing: Sequence[AlarmCondition], priorities: Mapping[AlarmType, Priority]) -> None:
        self._priorities = priorities
        self._standing = {
            kind: {one.source: one for one in standing if one.type is type_} for kind, type_ in TYPES.items()
        }
        self._inherited = {kind: bool(one) for kind, one in self._standing.items()}

    def conditions(self, message: Message) -> Iterator[AlarmCondition]:
        """The changes that a message AP01 or AT01 makes."""
        kind = message.control_id
        before = self._standing[kind]
        listed = {one.source: one for one in (self._condition(kind, row) for row in message.all("OBX"))}
        for source, condition in before.items():
            if source not in listed:
                yield replace(condition, phase=AlarmPhase.END, device_time_us=None)
        for source, condition in listed.items():
            if source not in before:
                yield condition
            elif self._inherited[kind] or before[source].text != condition.text:
                yield replace(condition, phase=AlarmPhase.CONTINUE)
        self._standing[kind] = listed
        self._inherited[kind] = False

    def _condition(self, kind: str, row: Segment) -> AlarmCondition:
        where, number = row.field(3).strip(), row.component(5).strip()
        known = tables.numbers().get(where.replace("^", "/"))
        found = times.parse(row.field(14))
        return AlarmCondition(
            source=f"{kind}/{where}/{number}",
            type=TYPES[kind],
            priority=self._priorities[TYPES[kind]],
            phase=AlarmPhase.START,
            code=known.channel.code if known else UNMAPPED,
            text=f"{where} {' '.join(word for word in row.components(5) if word)}",
            device_time_us=found.digits_us if found else None,
        )
