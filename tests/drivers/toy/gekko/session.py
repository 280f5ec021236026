"""Listening to a mattress that speaks every 2 s, and asking it once who it is (the sheet)."""

import math
import re
from collections.abc import Iterator, Sequence

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    Priority,
    Quality,
    Rejected,
    Role,
)

from .frames import Framer, Line

CHANNELS = (
    Channel(code="MDC_TEMP_CORE", source="T", unit="Cel"),
    Channel(code="VND_GEKKO_SURFACE_TEMPERATURE", source="S", unit="Cel"),
    Channel(code="VND_GEKKO_SURFACE_TEMPERATURE", source="SET", unit="Cel", role=Role.SET),
    Channel(code="VND_GEKKO_LID", source="LID", unit=""),
)
"""In the order of a line."""
NO_VALUE, HOT = "---", "HOT"
WHO = b"?\r"
ASK_S = 5.0
"""It answers at once; a line may be lost."""

_STATUS = re.compile(r"GX1;(\d{6});T=(\d\d\.\d|---);S=(\d\d\.\d);SET=(\d\d\.\d);LID=(OPEN|SHUT)(;AL=HOT)?")
_IDENTITY = re.compile(r"GX1;ID;([^;]+);([^;]+);SN=(\d+)")


class GekkoSession:
    """`standing`: the alarms of an earlier dialogue."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._framer = Framer()
        self._alarm = Alarm(standing)
        self._out = b""
        self._due_s = -math.inf

    def receive(self, data: bytes, now: float) -> Sequence[Event]:  # noqa: ARG002  the contract's
        return [event for line in self._framer.feed(data) for event in self._said(line)]

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return None if self._due_s == math.inf else self._due_s

    def expire(self, now: float) -> Sequence[Event]:
        if now >= self._due_s:
            self._out, self._due_s = WHO, now + ASK_S
        return ()

    def close(self, now: float) -> None:
        """It knows no farewell."""

    def finish(self) -> Sequence[Event]:
        return self._framer.finish()

    def _said(self, line: Line | Rejected) -> Iterator[Event]:
        if isinstance(line, Rejected):
            yield line
        elif status := _STATUS.fullmatch(line.body):
            seconds, *texts, hot = status.groups()
            yield Frame(offset=line.offset, length=line.length, kind="status", tick_us=int(seconds) * 1_000_000)
            yield from observations(texts)
            yield from self._alarm.changes(hot=hot is not None)
        elif told := _IDENTITY.fullmatch(line.body):
            self._due_s = math.inf
            yield Frame(offset=line.offset, length=line.length, kind="identity")
            yield DeviceIdentity(manufacturer=told[1], model=told[2], serial=told[3])
        else:
            yield line.rejected("body")


class Alarm:
    """The one alarm, told when it changes; one of an earlier dialogue continues or ends with the first line."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._hot = self._unheard = any(condition.source == HOT for condition in standing)

    def changes(self, *, hot: bool) -> Iterator[AlarmCondition]:
        before, unheard = self._hot, self._unheard
        self._hot, self._unheard = hot, False
        if hot != before:
            yield _hot(AlarmPhase.START if hot else AlarmPhase.END)
        elif hot and unheard:
            yield _hot(AlarmPhase.CONTINUE)


def observations(texts: Sequence[str]) -> Iterator[Observation]:
    """What a line says, from the texts of its CHANNELS."""
    for channel, text in zip(CHANNELS, texts, strict=True):
        if text == NO_VALUE:
            yield Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
        else:
            yield Observation(channel=channel, value=float(text) if channel.unit else text)


def _hot(phase: AlarmPhase) -> AlarmCondition:
    return AlarmCondition(
        source=HOT,
        type=AlarmType.TECHNICAL,
        priority=Priority.HIGH,
        phase=phase,
        code="VND_GEKKO_ALARM_HOT",
        text=HOT,
    )
