"""The rack's side of the dialogue: a SpaceStation with its pumps (small-devices §12)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from collector.driver import Simulated
from collector.model import DeviceClock, Event, Observation
from drivers.bbraun_bcc.frames import ACK, Answer, Block, Framer, encode
from drivers.bbraun_bcc.pumps import Pump, rack
from drivers.bbraun_bcc.quadruples import NO_VALUE, NOT_NOW, SYSTEM, Quadruple, write
from drivers.bbraun_bcc.requests import ANY_BED, Request
from drivers.bbraun_bcc.tables import Kind, rows, units
from drivers.patient import Patient

BED = b"ComSystem"
VERSION = "V3.36"
NOBODY, SYNTAX = "11", "68"
SET_S = 300.0
"""So often somebody looks at the patient and sets the rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """stuffed: letters are stuffed. corrupt_every: so many blocks, one with a wrong sum. mute: says nothing at all.

    removed: address → when that pump is taken out. returned: address → when it is put back. unreached: addresses with
    a communication error. told: address → parameter → what it says instead. restarts_s: when it forgets the dialogue
    and its clock begins anew. All in seconds since the first call.
    """

    stuffed: bool = True
    corrupt_every: int = 0
    mute: bool = False
    removed: Mapping[str, float] = field(default_factory=dict)
    returned: Mapping[str, float] = field(default_factory=dict)
    unreached: frozenset[str] = frozenset()
    told: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    restarts_s: float = math.inf


class Simulator:
    """Answers requests of the right bed; its events are the numbers, texts and clock that it has said."""

    def __init__(self, simulated: Simulated, *, faults: Faults | None = None) -> None:
        self._patient: Patient = simulated.patient
        self._epoch_us = simulated.epoch_us
        self._faults = faults or Faults()
        self._pumps = rack()
        self._framer = Framer()
        self._zero: float | None = None
        self._on_s = 0.0
        self._alive = False
        self._there = {pump.address for pump in self._pumps}
        self._blocks: list[tuple[bytes, Sequence[Event]]] = []
        self._index = 0
        self._sent = 0
        self._out = b""

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        if self._zero is None:
            self._zero = now
        time_s = now - self._zero
        if self._on_s == 0.0 and time_s >= self._faults.restarts_s:
            self._on_s, self._alive, self._blocks = time_s, False, []
        said: list[Event] = []
        for item in self._framer.feed(data):
            if self._faults.mute:
                continue
            if isinstance(item, Answer):
                self._index += item.code == ACK
                said += self._tell()
            elif isinstance(item, Block):
                self._answer(item, time_s)
                said += self._tell()
        return said

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        """It speaks when it is asked."""
        return None

    def expire(self, now: float) -> Sequence[Event]:  # noqa: ARG002  the contract's
        return ()

    def close(self, now: float) -> None:
        """No farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _tell(self) -> Sequence[Event]:
        """The block that is next; once all are acknowledged nothing."""
        if self._index >= len(self._blocks):
            self._blocks, self._index = [], 0
            return ()
        information, said = self._blocks[self._index]
        frame = encode(BED, information, last=self._index == len(self._blocks) - 1, stuff=self._faults.stuffed)
        self._sent += 1
        if self._faults.corrupt_every and self._sent % self._faults.corrupt_every == 0:
            frame = frame[:-3] + b"99\x04"
            said = ()
        self._out += frame
        return said

    def _answer(self, block: Block, time_s: float) -> None:
        self._index = 0
        since_s = int(time_s - self._on_s)

        def system(name: str, value: str | None) -> list[tuple[bytes, Sequence[Event]]]:
            return [(write([Quadruple(time_s=since_s, address=SYSTEM, name=name, value=value)]), ())]

        spelled = block.stuffed is None or block.stuffed is self._faults.stuffed
        if not spelled or block.bed not in {BED, ANY_BED}:
            self._blocks = system("GNERR", SYNTAX)
        elif block.information == Request.ALIVE.value:
            self._alive = True
            self._blocks = system("GNACK", "0")
        elif not self._alive or block.bed != BED:
            self._blocks = system("GNERR", SYNTAX)
        elif block.information == Request.VERSION.value:
            self._blocks = system(VERSION, None)
        elif block.information == Request.MEMORY.value:
            self._blocks = [self._pump(pump, time_s, since_s) for pump in self._present(time_s)]
            self._blocks = self._blocks or system("GNERR", NOBODY)
        else:
            self._blocks = system("GNERR", SYNTAX)

    def _present(self, time_s: float) -> list[Pump]:
        """The pumps that are there, and those of which it is to be said for once that they are not."""
        found: list[Pump] = []
        for pump in self._pumps:
            there = self._is_there(pump, time_s)
            if there or pump.address in self._there:
                found.append(pump)
            pump.new |= there and pump.address not in self._there
        return found

    def _is_there(self, pump: Pump, time_s: float) -> bool:
        out = self._faults.removed.get(pump.address, math.inf) <= time_s
        return not out or self._faults.returned.get(pump.address, math.inf) <= time_s

    def _pump(self, pump: Pump, time_s: float, since_s: int) -> tuple[bytes, Sequence[Event]]:
        there = self._is_there(pump, time_s)
        (self._there.add if there else self._there.discard)(pump.address)
        if not there:
            values: Mapping[str, str] = {"GNERR": "39"}
        elif pump.address in self._faults.unreached:
            values = {"GNERR": "41"}
        else:
            seen = self._patient.vitals(time_s - time_s % SET_S)
            values = {**pump.values(time_s, seen), **self._faults.told.get(pump.address, {})}
        quadruples = [Quadruple(time_s=since_s, address=pump.address, name=n, value=v) for n, v in values.items()]
        said = list(_said(pump.address, values))
        if pump is self._pumps[0]:
            clock_s = (self._epoch_us + round(((self._zero or 0.0) + time_s) * 1e6)) // 1_000_000
            date, time = _stamp(clock_s)
            head = {"FMNOR": "2", "FMRT": "FMS3S1NS", "COMSWVERSION": "U000060"}
            stamped = {"DATE": date, "TIME": time}
            system = [Quadruple(time_s=since_s, address=SYSTEM, name=n, value=v) for n, v in (head | stamped).items()]
            quadruples = system + quadruples
            said.append(DeviceClock(time_us=clock_s * 1_000_000))
        return write(quadruples), said


def _said(address: str, values: Mapping[str, str]) -> Sequence[Event]:
    """Numbers and texts, as they are to be heard."""
    found: list[Event] = []
    for name, value in values.items():
        row = rows()[name]
        if value in {NO_VALUE, NOT_NOW} or row.kind not in {Kind.NUMBER, Kind.TEXT}:
            continue
        unit = units()[values[row.unit_from]] if row.unit_from else None
        if row.kind is Kind.TEXT:
            found.append(Observation(channel=row.channel(address), value=value))
        elif float(value) < row.end:
            found.append(Observation(channel=row.channel(address, unit), value=float(value)))
    return found


def _stamp(time_s: int) -> tuple[str, str]:
    """DATE and TIME."""
    at = datetime.fromtimestamp(time_s, UTC)
    return at.strftime("%Y%m%d"), at.strftime("%H%M%S")
