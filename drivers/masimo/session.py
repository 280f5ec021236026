"""Listening to an instrument that talks by itself (fact sheet small-devices §6)."""

from collections.abc import Iterator, Mapping, Sequence

from collector.lines import Gate, Line, LineFramer
from collector.model import Channel, DeviceClock, DeviceIdentity, Event, Frame, Rejected
from drivers.masimo.fields import SERIAL_NUMBER, is_empty, missing, observation
from drivers.masimo.frames import MAX_LINE_BYTES, Reading, read
from drivers.masimo.options import Options


class MasimoSession:
    """Reads lines; asks nothing. The first line of a run is told when the second has confirmed it."""

    def __init__(self, options: Options) -> None:
        self._haemoglobin_unit = options.haemoglobin_unit or ""
        self._framer = LineFramer(MAX_LINE_BYTES)
        self._gate: Gate[Reading] = Gate()
        self._serial = ""
        self._told: Mapping[str, Channel] = {}

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
        for passed in self._gate.pass_on(one) if isinstance(one, Reading) else (one,):
            if isinstance(passed, Rejected):
                yield passed
            else:
                yield from self._said(passed)

    def _said(self, reading: Reading) -> Iterator[Event]:
        yield Frame(offset=reading.line.offset, length=len(reading.line.data), kind="line", tick_us=reading.time_us)
        yield DeviceClock(time_us=reading.time_us)
        serial = dict(reading.fields).get(SERIAL_NUMBER, "")
        if not is_empty(serial) and serial != self._serial:
            self._serial = serial
            yield DeviceIdentity(manufacturer="Masimo", serial=serial)
        told: dict[str, Channel] = {}
        for key, value in reading.fields:
            said = observation(key, value, self._haemoglobin_unit)
            if said is not None:
                told[key] = said.channel
                yield said
        for channel in self._told.values():
            if channel.source not in told:
                yield missing(channel)
        self._told = told
