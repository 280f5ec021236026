"""Alarm records → alarm conditions (fact sheet ge-datex-dri §7)."""

import struct
from collections.abc import Sequence

from collector.model import AlarmCondition, AlarmPhase, AlarmType, Channel, Event, Observation, Priority
from drivers.ge_datex_dri import words
from drivers.ge_datex_dri.frames import Record

STATUS = 1
"""The sub-record type of an alarm status."""
SLOTS = 5
COLORS = ("none", "white", "yellow", "red")
PRIORITIES = (Priority.INFORMATION, Priority.LOW, Priority.MEDIUM, Priority.HIGH)
"""By colour."""

_SHORT = struct.Struct("<hh4xH" + "80sHHH12x" * SLOTS + "10x")
_LONG = struct.Struct("<hh4xI" + "80sHIH12x" * SLOTS + "10x")
LAYOUTS = {_SHORT.size: _SHORT, _LONG.size: _LONG}
"""The specification does not give the size of an enumeration; the record's length does: 510 bytes or 522 (§3)."""

_SOUND = Channel(code="VND_GE_ALARM_SOUND", source="alarm.sound", unit="")
_SILENCE = Channel(code="VND_GE_ALARM_SILENCE", source="alarm.silence", unit="")


class Alarms:
    """Keeps the monitor's list of alarms.

    The list has no ids and is sorted by colour, so an alarm is followed by the bytes of its text, never understood by
    them. One that is missing in a full list has ended only where its colour is above the lowest listed. `encoding`: of
    the texts, which are in the language of the monitor. `standing`: alarms of an earlier list; one that is listed again
    continues.
    """

    def __init__(self, encoding: str, standing: Sequence[AlarmCondition] = ()) -> None:
        self._encoding = encoding
        self._active = {
            alarm.source.encode("latin-1", errors="replace"): PRIORITIES.index(alarm.priority) for alarm in standing
        }
        self._unheard = set(self._active)
        self._told: dict[Channel, str] = {}

    def events(self, record: Record) -> Sequence[Event] | None:
        """What changed since the last status; None: a sub-record does not fit into the record."""
        statuses = [at for kind, at in record.parts if kind == STATUS]
        if any(len(record.data) - at not in LAYOUTS for at in statuses):
            return None
        found: list[Event] = []
        for at in statuses:
            _, sound, silence, *slots = LAYOUTS[len(record.data) - at].unpack_from(record.data, at)
            found += self._state(_SOUND, "on" if sound else "off")
            found += self._state(_SILENCE, words.name(words.SILENCES, silence))
            texts = [raw.partition(b"\0")[0].rstrip() for raw in slots[::4]]
            found += self._compare([(text, color) for text, color in zip(texts, slots[2::4], strict=True) if text])
        return found

    def _compare(self, listed: Sequence[tuple[bytes, int]]) -> list[AlarmCondition]:
        colors: dict[bytes, int] = {}
        for text, color in listed:
            colors[text] = max(color, colors.get(text, 0))
        before = self._active
        lowest = min(colors.values()) if len(listed) == SLOTS else -1
        ended = {text: color for text, color in before.items() if text not in colors and color > lowest}
        self._active = {text: color for text, color in before.items() if text not in ended} | colors
        found = [self._condition(text, color, AlarmPhase.END) for text, color in ended.items()]
        for text, color in colors.items():
            if text not in before:
                found.append(self._condition(text, color, AlarmPhase.START))
            elif before[text] != color or text in self._unheard:
                found.append(self._condition(text, color, AlarmPhase.CONTINUE))
        self._unheard -= colors.keys() | ended.keys()
        return found

    def _condition(self, text: bytes, color: int, phase: AlarmPhase) -> AlarmCondition:
        return AlarmCondition(
            source=text.decode("latin-1"),
            type=AlarmType.PHYSIOLOGICAL,  # the record does not tell which type
            priority=PRIORITIES[min(color, len(PRIORITIES) - 1)],
            phase=phase,
            text=text.decode(self._encoding, errors="backslashreplace"),
            device_priority=words.name(COLORS, color),
        )

    def _state(self, channel: Channel, text: str) -> Sequence[Observation]:
        if self._told.get(channel) == text:
            return ()
        self._told[channel] = text
        return (Observation(channel=channel, value=text),)
