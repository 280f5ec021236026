"""What registers and bits mean: the replies of a device, by its map, as events. Pure."""

import math
import struct
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from collector.model import AlarmCondition, AlarmPhase, Channel, Event, Observation, Quality
from drivers.modbus.blocks import Block
from drivers.modbus.options import Alarm, Options, Register

FORMATS = {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f", None: ">H"}
ORDERS = {"ABCD": (0, 1, 2, 3), "CDAB": (2, 3, 0, 1), "BADC": (1, 0, 3, 2), "DCBA": (3, 2, 1, 0)}


def raw(register: Register, words: Sequence[int]) -> int | float:
    """The number in its registers (each 0 … 65535, as many as it takes), or its bit. No scale yet."""
    if register.kind.is_bit:
        return int(words[0])
    data = struct.pack(f">{len(words)}H", *words)
    data = bytes(data[at] for at in ORDERS[register.order] if at < len(data))
    number: int | float = struct.unpack(FORMATS[register.type], data)[0]
    return number


def observed(register: Register, number: float) -> Observation:
    """What a number means: scaled as it would be written down, so that 213 × 0.1 is 21.3."""
    channel = register.channel
    if number in register.invalid or math.isnan(number):
        return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
    if math.isinf(number):
        over = (number > 0) == (register.scale > 0)
        return Observation(channel=channel, value=None, quality=Quality.OVERFLOW if over else Quality.UNDERFLOW)
    if register.words:
        word = register.words.get(int(number)) if number == int(number) else None
        return Observation(channel=channel, value=str(number) if word is None else word)
    if isinstance(number, float):
        return Observation(channel=channel, value=number * register.scale + register.offset)
    scaled = number * Decimal(str(register.scale)) + Decimal(str(register.offset))
    return Observation(channel=channel, value=float(scaled))


class Readings:
    """One device's replies. `standing`: alarm conditions of an earlier dialogue.

    A block that is not answered takes its values away once. An alarm bit that nobody could read stays as it was.
    """

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._there: set[Channel] = set()
        self._standing = {one.source: one for one in standing}
        self._unheard = set(self._standing)

    def answered(self, block: Block, words: Sequence[int]) -> Sequence[Event]:
        """What the block's registers, or bits, tell."""
        found: list[Event] = []
        for register in self._options.registers:
            if block.holds(register):
                event = observed(register, raw(register, _part(block, words, register)))
                self._there.add(register.channel)
                found.append(event)
        for alarm in self._options.alarms:
            if block.holds(alarm):
                (word,) = _part(block, words, alarm)
                bit = int(word) if alarm.bit is None else word >> alarm.bit & 1
                found += self._alarm(alarm, active=bit == alarm.when)
        return found

    def missed(self, block: Block) -> Sequence[Event]:
        """The block was not answered."""
        gone = [one.channel for one in self._options.registers if block.holds(one) and one.channel in self._there]
        self._there.difference_update(gone)
        return [Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE) for channel in gone]

    def forgotten(self) -> Sequence[Event]:
        """The ends of conditions that stood and that the map does not name any more."""
        named = {alarm.source for alarm in self._options.alarms}
        gone = [self._standing.pop(source) for source in list(self._standing) if source not in named]
        return [replace(one, phase=AlarmPhase.END) for one in gone]

    def _alarm(self, alarm: Alarm, *, active: bool) -> Sequence[AlarmCondition]:
        before = self._standing.get(alarm.source)
        unheard = alarm.source in self._unheard
        self._unheard.discard(alarm.source)
        if not active:
            self._standing.pop(alarm.source, None)
            return () if before is None else (replace(before, phase=AlarmPhase.END),)
        if before is not None and not unheard:
            return ()
        condition = AlarmCondition(
            source=alarm.source,
            type=alarm.type,
            priority=alarm.priority,
            phase=AlarmPhase.START if before is None else AlarmPhase.CONTINUE,
            code=alarm.code,
            text=alarm.text,
        )
        self._standing[alarm.source] = condition
        return (condition,)


def _part(block: Block, words: Sequence[int], place: Register | Alarm) -> Sequence[int]:
    at = place.address - block.address
    return words[at : at + place.count]
