"""The monitor's lists of active alarms → conditions that begin, change and end (fact sheet philips-intellivue §8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from struct import Struct

from collector.model import AlarmCondition, AlarmPhase, AlarmType, Priority
from drivers.philips_intellivue.codes import event_code, mode_code
from drivers.philips_intellivue.pdu import MalformedError
from drivers.philips_intellivue.values import PAIR, string

PHYSIOLOGICAL, TECHNICAL = 0x0902, 0x0904
"""Attributes that hold the lists."""

TEST, DEMO = 0x0400, 0x0100
"""Bits of al_state."""

ENTRY = Struct(">HHHHHHHHH")
"""al_source, al_code, al_type, al_state; class, context, handle of the object; alert_info_id, length."""
INFORMATION = Struct(">HIHH")
"""instance, text_id, priority, flags."""
GENERAL, WITH_TEXT = 0x0201, 0x0204

MODES: Mapping[int, str] = {0x2000: "DEMO", 0x1000: "SERVICE", 0x0002: "STANDBY", 0x0001: "CONFIG"}
"""Bits of the operating mode, attribute 0946, in which the values are not a patient's as usual (§6, §13.11)."""

_TYPES = {PHYSIOLOGICAL: AlarmType.PHYSIOLOGICAL, TECHNICAL: AlarmType.TECHNICAL}
_LISTS = {kind: key for key, kind in _TYPES.items()}
_EVENT_MASK = 0xFFFE
_OPERATING_MODE = 0x0946


class Alarms:
    """Compares successive lists: there is no "end" on the wire. A lost link ends nothing: `standing` are the conditions
    of the lists before, and those that a new dialogue lists as well continue.
    """

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._active: dict[int, dict[str, AlarmCondition]] = {}
        for condition in standing:
            is_mode = condition.source.startswith(f"{_OPERATING_MODE:04X}.")
            key = _OPERATING_MODE if is_mode else _LISTS[condition.type]
            self._active.setdefault(key, {})[condition.source] = condition
        self.interrupted()

    def interrupted(self) -> None:
        """The dialogue is over: what stands in the lists of the next one is told, also where it has not changed."""
        for active in self._active.values():
            active.update((source, replace(c, phase=AlarmPhase.CONTINUE)) for source, c in active.items())

    def update(self, objects: Iterable[Mapping[int, bytes]]) -> list[AlarmCondition]:
        """What the lists in these attributes change; a list that is not sent changes nothing.

        Raises MalformedError or struct.error, and then nothing has changed.
        """
        lists: dict[int, dict[str, AlarmCondition]] = {}
        for attributes in objects:
            for key, kind in _TYPES.items():
                if key in attributes:
                    lists.setdefault(key, {}).update(_conditions(attributes[key], kind))
        return [change for key, conditions in lists.items() for change in self._changes(key, conditions)]

    def mode(self, mode: int) -> list[AlarmCondition]:
        """The same for the operating mode: anything but monitoring is a technical condition without an alarm."""
        conditions = [_mode(bit, name) for bit, name in MODES.items() if mode & bit]
        return self._changes(_OPERATING_MODE, {condition.source: condition for condition in conditions})

    def _changes(self, key: int, conditions: dict[str, AlarmCondition]) -> list[AlarmCondition]:
        before = self._active.get(key, {})
        changes: list[AlarmCondition] = []
        for source, condition in conditions.items():
            if source not in before:
                changes.append(condition)
            elif before[source] != condition:
                changes.append(replace(condition, phase=AlarmPhase.CONTINUE))
        changes += [replace(c, phase=AlarmPhase.END) for source, c in before.items() if source not in conditions]
        self._active[key] = conditions
        return changes


def _mode(bit: int, name: str) -> AlarmCondition:
    return AlarmCondition(
        source=f"{_OPERATING_MODE:04X}.{bit:04X}",
        type=AlarmType.TECHNICAL,
        priority=Priority.INFORMATION,
        phase=AlarmPhase.START,
        code=mode_code(name),
        demo=name == "DEMO",
    )


def _conditions(data: bytes, kind: AlarmType) -> dict[str, AlarmCondition]:
    count, size = PAIR.unpack_from(data)
    if PAIR.size + size != len(data):
        raise MalformedError("alarm list")
    at = PAIR.size
    found: dict[str, AlarmCondition] = {}
    for _ in range(count):
        source, code, priority, state, object_class, context, handle, info, length = ENTRY.unpack_from(data, at)
        at += ENTRY.size
        information = data[at : at + length]
        at += length
        instance, text = 0, ""
        if info in (GENERAL, WITH_TEXT):
            instance, *_ = INFORMATION.unpack_from(information)
            text = string(information[INFORMATION.size :]) if info == WITH_TEXT else ""
        name = f"{object_class:04X}.{context:04X}.{handle:04X}/{source:04X}.{code:04X}.{instance:04X}"
        found[name] = AlarmCondition(
            source=name,
            type=kind,
            priority=_priority(priority),
            phase=AlarmPhase.START,
            code=event_code(code & _EVENT_MASK),
            text=text,
            device_priority=f"{priority:04X}",
            demo=bool(state & (TEST | DEMO)),
        )
    if at != len(data):
        raise MalformedError("alarm list")
    return found


def _priority(al_type: int) -> Priority:
    """Of both bytes the highest; bits that nobody knows count as high, so that nothing is lowered."""
    level = al_type >> 8 | al_type & 0xFF
    if not level:
        return Priority.INFORMATION
    if level & ~0x03:
        return Priority.HIGH
    return Priority.MEDIUM if level & 0x02 else Priority.LOW
