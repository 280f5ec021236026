"""Listening to an instrument that prints by itself (fact sheet small-devices §7)."""

from collections.abc import Iterator, Sequence

from collector.lines import Gate, Line, LineFramer
from collector.model import (
    AlarmCondition,
    Channel,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    Quality,
    Rejected,
)
from drivers.nellcor.alarms import Alarms, sources
from drivers.nellcor.channels import AMPLITUDE, NUMBERS, PULSE, SPO2, STATUS, WORDS
from drivers.nellcor.frames import MAX_LINE_BYTES, Reading
from drivers.nellcor.lines import Heading, read

SEARCHING = frozenset(("PS", "LP", "LM"))
"""Codes of an instrument that has no pulse: what it shows is the last it had."""


class NellcorSession:
    """Reads lines; asks nothing. The first line of data of a run is told when the second has confirmed it."""

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self._framer = LineFramer(MAX_LINE_BYTES)
        self._gate: Gate[Reading] = Gate()
        self._alarms = Alarms(standing)
        self._identity: DeviceIdentity | None = None
        self._trend = False
        self._status = False

    def receive(self, data: bytes, now: float) -> Sequence[Event]:  # noqa: ARG002  the contract's
        return [event for item in self._framer.feed(data) for event in self._take(item)]

    def outgoing(self) -> bytes:
        return b""

    def deadline(self) -> float | None:
        return None

    def expire(self, now: float) -> Sequence[Event]:  # noqa: ARG002  the contract's
        return ()

    def close(self, now: float) -> None:
        """Nothing was asked for, so nothing is taken back."""

    def finish(self) -> Sequence[Event]:
        return [*self._gate.finish(), *self._framer.finish()]

    def _take(self, item: Line | Rejected) -> Iterator[Event]:
        one = read(item) if isinstance(item, Line) else item
        match one:
            case Rejected():
                yield one
            case Heading():
                yield from self._heading(one)
            case Reading() if self._trend:
                yield _frame(one.line, "trend")
            case Reading():
                for passed in self._gate.pass_on(one):
                    yield from (passed,) if isinstance(passed, Rejected) else self._said(passed)

    def _heading(self, heading: Heading) -> Iterator[Event]:
        words = heading.words
        yield _frame(heading.line, heading.kind)
        if heading.kind in {"heading", "complete"}:
            self._trend = False
        elif heading.kind == "trend":
            self._trend = True
            return
        if "model" in words:
            identity = DeviceIdentity(manufacturer="Nellcor", model=words["model"], software=words["software"])
            if identity != self._identity:
                self._identity = identity
                yield identity
        for name, word in words.items():
            if name in NUMBERS:
                yield Observation(channel=NUMBERS[name], value=float(word))
            elif name in WORDS:
                yield Observation(channel=WORDS[name], value=word)

    def _said(self, reading: Reading) -> Iterator[Event]:
        yield _frame(reading.line, "data", reading.time_us)
        yield DeviceClock(time_us=reading.time_us)
        old = bool(SEARCHING & set(reading.codes))
        yield _measured(SPO2, reading.spo2, old=old)
        yield _measured(PULSE, reading.pulse, old=old)
        yield _measured(AMPLITUDE, reading.amplitude)
        if reading.codes:
            yield Observation(channel=STATUS, value=" ".join(reading.codes))
        elif self._status:
            yield Observation(channel=STATUS, value=None, quality=Quality.NOT_AVAILABLE)
        self._status = bool(reading.codes)
        yield from self._alarms.changes(sources(reading))


def _frame(line: Line, kind: str, tick_us: int | None = None) -> Frame:
    return Frame(offset=line.offset, length=len(line.data), kind=kind, tick_us=tick_us)


def _measured(channel: Channel, digits: str, *, old: bool = False) -> Observation:
    """A value as it stands; zero is what is shown before a pulse has been found, and no measurement."""
    if not digits.isdigit():
        return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
    if int(digits) == 0:
        return Observation(channel=channel, value=None, quality=Quality.INVALID)
    return Observation(channel=channel, value=float(digits), quality=Quality.QUESTIONABLE if old else Quality.VALID)
