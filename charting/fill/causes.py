"""Why a signal is missing in a minute: what the gateway and the device said of it then. Pure.

texts.csv: words (regular expressions, of zh and en) by which a technical alarm tells a cause, and of which signals.
"""

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from charting.fill.streams import MINUTE_US
from charting.fill.types import Cause
from collector.clock import EVER_US
from collector.model import AlarmCondition, AlarmPhase, AlarmType, Condition
from collector.series import Points
from collector.technical import GATEWAY

FOUND_AFTER_US = 3 * MINUTE_US
"""A link is called silent or unreachable when it has been so for a while: the cause is as old as the silence."""

SUPPLIER_MIN = 60
"""A device is taken for the one that should have told a signal for so long after it told it."""

Why = tuple[Cause, bool, str]
"""Cause, whether it is certain, evidence."""

_LINKS: Mapping[str, tuple[Cause, bool, str]] = {
    "VND_VITALSD_LINK_SILENT": (Cause.CABLE, False, "serial line silent"),
    "VND_VITALSD_LINK_UNREACHABLE": (Cause.NETWORK, False, "device unreachable by network"),
    "VND_VITALSD_LINK_PORT_GONE": (Cause.CABLE, True, "port or adapter gone"),
    "VND_VITALSD_LINK_ENDED": (Cause.DEVICE_OFF, True, "device ended the dialogue"),
    "VND_VITALSD_LINK_REFUSED": (Cause.UNKNOWN, False, "device refused the dialogue"),
    "VND_VITALSD_LINK_FAILED": (Cause.GATEWAY_DOWN, True, "the gateway's driver of this device had failed"),
}
_DOWN = "VND_VITALSD_GATEWAY_DOWN"
_LINK = "link:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A condition stood, as this, from start to end."""

    device: str
    alarm: AlarmCondition
    start_us: int
    end_us: int

    def stood(self, start_us: int, end_us: int) -> bool:
        return self.start_us < end_us and start_us < self.end_us


def intervals(conditions: Sequence[Condition]) -> list[Interval]:
    """From when to when each condition stood. One of which only the end is known stood since ever."""
    found: list[Interval] = []
    standing: dict[tuple[str, str], Condition] = {}
    order = sorted(conditions, key=lambda c: (c.time_us, c.device, c.alarm.source, c.alarm.phase is AlarmPhase.END))
    for change in order:
        key = change.device, change.alarm.source
        before = standing.pop(key, None)
        if before is not None:
            found.append(_interval(before.alarm, change, before.time_us))
        elif change.alarm.phase is not AlarmPhase.START:
            found.append(_interval(change.alarm, change, 0))
        if change.alarm.phase is not AlarmPhase.END:
            standing[key] = change
    rest = [Interval(device=c.device, alarm=c.alarm, start_us=c.time_us, end_us=EVER_US) for c in standing.values()]
    return found + rest


def _interval(alarm: AlarmCondition, end: Condition, start_us: int) -> Interval:
    return Interval(device=end.device, alarm=alarm, start_us=start_us, end_us=end.time_us)


class Causes:
    """What is known of the minutes of a bed; `first` + i of 1970, i < n."""

    def __init__(self, points: Iterable[Points], conditions: Sequence[Condition], first: int, n: int) -> None:
        self._first = first
        self._sent: dict[str, NDArray[np.bool_]] = {}
        self._told: dict[str, list[tuple[NDArray[np.int64], str]]] = {}
        for one in points:
            number = ~np.isnan(one.value)
            if number.any():
                told = self._told.setdefault(one.series.channel.code, [])
                told.append((one.time_us[number], one.series.device))
            sent = self._sent.setdefault(one.series.device, np.zeros(n, dtype=bool))
            minute = one.time_us // MINUTE_US - first
            sent[minute[(minute >= 0) & (minute < n)]] = True
        stood = intervals(conditions)
        self._down = [i for i in stood if i.device == GATEWAY and i.alarm.code == _DOWN]
        self._links = [i for i in stood if i.device == GATEWAY and i.alarm.code in _LINKS]
        self._alarms = [
            i for i in stood if i.device != GATEWAY and i.alarm.type is AlarmType.TECHNICAL and _told(i.alarm)
        ]

    def why(self, signal: str, i: int, device: str, dropped: Counter[str], quality: str) -> Why:
        """Why `signal`, last told by `device` ("" for none), has no valid reading in minute i.

        `dropped`: what rules left out then; `quality`: the device's word where it told that it has no value.
        """
        start_us = (self._first + i) * MINUTE_US
        end_us = start_us + MINUTE_US
        if dropped:
            rule = max(sorted(dropped), key=lambda r: dropped[r])
            return (Cause.HELD, True, rule) if rule == "device.held" else (Cause.ARTEFACT, True, rule)
        if any(down.stood(start_us, end_us) for down in self._down):
            return Cause.GATEWAY_DOWN, True, "gateway was not running"
        link = self._link(device, i, start_us, end_us)
        if link is not None:
            return link
        for alarm in self._alarms:
            if device in ("", alarm.device) and alarm.stood(start_us, end_us):
                cause, about = _told(alarm.alarm) or (Cause.UNKNOWN, frozenset())
                if signal in about or not about:
                    certain = bool(about) or cause is not Cause.CABLE
                    return cause, certain, alarm.alarm.text or alarm.alarm.code
        if quality == "not_available":
            return Cause.CABLE, False, "device shows no value: probe or cable off?"
        if quality:
            return Cause.ARTEFACT, True, f"device.{quality}"
        if any(self._active(d, i) for d in ([device] if device else self._sent)):
            return Cause.CABLE, False, "device sends, but not this: probe, cable or module off?"
        return Cause.UNKNOWN, False, "nothing came of the device"

    def supplier(self, codes: Sequence[str], i: int) -> str:
        """The device that told a number of these codes last, in minute i or before it; "" for none."""
        end_us = (self._first + i + 1) * MINUTE_US
        best, device = end_us // MINUTE_US - SUPPLIER_MIN - 1, ""
        for code in codes:
            for known, of in self._told.get(code, ()):
                at = int(np.searchsorted(known, end_us)) - 1
                if at >= 0 and int(known[at]) // MINUTE_US > best:
                    best, device = int(known[at]) // MINUTE_US, of
        return device

    def _active(self, device: str, i: int) -> bool:
        sent = self._sent.get(device)
        return sent is not None and bool(sent[i])

    def _link(self, device: str, i: int, start_us: int, end_us: int) -> Why | None:
        for link in self._links:
            of = link.alarm.source.removeprefix(_LINK)
            early = link.start_us - FOUND_AFTER_US < end_us and start_us < link.end_us
            if early and (of == device or not device) and not (link.start_us >= end_us and self._active(of, i)):
                return _LINKS[link.alarm.code]
        return None


@lru_cache(maxsize=1024)
def _told(alarm: AlarmCondition) -> tuple[Cause, frozenset[str]] | None:
    """The cause that a technical alarm tells, and of which signals (empty: it does not say)."""
    text = unicodedata.normalize("NFKC", f"{alarm.text} {alarm.code}").replace("_", " ").lower()
    causes, about = _texts()
    cause = next((cause for cause, words in causes if words.search(text)), None)
    if cause is None:
        return None
    return cause, frozenset(signal for signal, words in about if words.search(text))


@cache
def _texts() -> tuple[tuple[tuple[Cause, re.Pattern[str]], ...], tuple[tuple[str, re.Pattern[str]], ...]]:
    with files("charting.fill").joinpath("texts.csv").open("r", encoding="utf-8") as text:
        rows = tuple(csv.DictReader(text))
    causes = tuple((Cause(r["key"]), re.compile(r["words"])) for r in rows if r["kind"] == "cause")
    return causes, tuple((r["key"], re.compile(r["words"])) for r in rows if r["kind"] == "signal")
