"""Alarm conditions of all pumps of a rack: what their flags say, from start to end."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from collector.model import AlarmCondition, AlarmPhase, AlarmType
from drivers.bbraun_bcc import tables

_WORD = re.compile(r"(0[xX])?([0-9A-Fa-f]{1,10})(h)?", re.ASCII)
_DIGITS = 8


class Alarms:
    """`standing`: conditions of an earlier dialogue; one that is told again continues."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._active = {alarm.source: alarm for alarm in standing}
        self._unheard = set(self._active)

    def flag(self, address: str, name: str, value: str) -> Iterator[AlarmCondition]:
        """A parameter of one alarm: 0 or 1. Without a value nothing is known, and what stands goes on standing."""
        if value in {"0", "1"}:
            yield from self._told(f"{address}/{name}", name, stands=value == "1")

    def bits(self, address: str, name: str, value: str) -> Iterator[AlarmCondition]:
        """A parameter of 32 alarms."""
        number = word(value)
        if number is None:
            return
        for bit in range(32):
            condition = f"{name}:{bit}"
            if condition not in tables.SILENT_BITS:
                yield from self._told(f"{address}/{condition}", condition, stands=bool(number >> bit & 1))

    def gone(self, address: str) -> Iterator[AlarmCondition]:
        """The pump has been taken out: its conditions end."""
        for source in [source for source in self._active if source.startswith(f"{address}/")]:
            yield self._end(source)

    def elsewhere(self, addresses: Iterable[str]) -> Iterator[AlarmCondition]:
        """These are all the pumps that there are: conditions of others end."""
        there = set(addresses)
        for address in sorted({source.partition("/")[0] for source in self._active} - there):
            yield from self.gone(address)

    def _told(self, source: str, condition: str, *, stands: bool) -> Iterator[AlarmCondition]:
        if not stands:
            if source in self._active:
                yield self._end(source)
            return
        if source in self._active and source not in self._unheard:
            return
        phase = AlarmPhase.CONTINUE if source in self._active else AlarmPhase.START
        known = tables.alarm(condition)
        self._unheard.discard(source)
        self._active[source] = AlarmCondition(
            source=source,
            type=AlarmType.TECHNICAL,
            priority=known.priority,
            phase=phase,
            code=known.refid,
            text=known.phrase,
        )
        yield self._active[source]

    def _end(self, source: str) -> AlarmCondition:
        self._unheard.discard(source)
        return replace(self._active.pop(source), phase=AlarmPhase.END)


def word(value: str) -> int | None:
    """A bit field of 32 bits: "0x00000000h" in the vendor's table, decimal where nothing says hexadecimal."""
    match = _WORD.fullmatch(value)
    if match is None:
        return None
    prefix, digits, suffix = match.groups()
    hexadecimal = prefix or suffix or len(digits) == _DIGITS or not digits.isdecimal()
    number = int(digits, 16 if hexadecimal else 10)
    return number if number < 1 << 32 else None
