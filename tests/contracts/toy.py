"""A small driver that conforms, and what it is made of, for breaking it in one place at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from collector.driver import DriverSpec, Evidence, Line, Model, Simulated
from collector.model import Channel, Event, Frame, Observation, Quality, Rejected
from collector.session import Session

CORE = Channel(code="MDC_TEMP_CORE", source="T1", unit="Cel")
LONGEST = 64
_LINE = re.compile(rb"T1=(\d\d\.\d|--\.-)\*([0-9A-F]{2})")


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def line(value: float | None) -> bytes:
    body = b"T1=" + (b"--.-" if value is None else f"{value:.1f}".encode())
    return body + f"*{sum(body) % 256:02X}\n".encode()


@dataclass
class Thermometer:
    """The host's side: asks each second, reads lines with a sum."""

    held: bytes = b""
    offset: int = 0
    due: float = float("-inf")
    out: list[bytes] = field(default_factory=list)

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        del now
        found: list[Event] = []
        self.held += data
        while b"\n" in self.held or len(self.held) > LONGEST:
            whole, newline, rest = self.held.partition(b"\n")
            if not newline or len(whole) > LONGEST:
                whole, newline, rest = self.held[:LONGEST], b"", self.held[LONGEST:]
            found += self.read(whole, len(whole) + len(newline))
            self.offset += len(whole) + len(newline)
            self.held = rest
        return found

    def read(self, whole: bytes, length: int) -> Sequence[Event]:
        match = _LINE.fullmatch(whole)
        if match is None or int(match[2], 16) != sum(whole[:-3]) % 256:
            return [Rejected(offset=self.offset, length=length, reason="line")]
        value = None if match[1] == b"--.-" else float(match[1])
        quality = Quality.NOT_AVAILABLE if value is None else Quality.VALID
        return [
            Frame(offset=self.offset, length=length, kind="line"),
            Observation(channel=CORE, value=value, quality=quality),
        ]

    def outgoing(self) -> bytes:
        return self.out.pop(0) if self.out else b""

    def deadline(self) -> float | None:
        return self.due

    def expire(self, now: float) -> Sequence[Event]:
        self.due = now + 1.0
        self.out = [b"?\n"]
        return ()

    def close(self, now: float) -> None:
        del now

    def finish(self) -> Sequence[Event]:
        return [Rejected(offset=self.offset, length=len(self.held), reason="truncated")] if self.held else ()


@dataclass
class Device:
    """The device's side."""

    simulated: Simulated
    out: bytes = b""

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        if b"?" not in data:
            return ()
        value = round(self.simulated.patient.vitals(now).temp_core_cel, 1)
        self.out += line(value)
        return [Observation(channel=CORE, value=value)]

    def outgoing(self) -> bytes:
        out, self.out = self.out, b""
        return out

    def deadline(self) -> float | None:
        return None

    def expire(self, now: float) -> Sequence[Event]:
        del now
        return ()

    def close(self, now: float) -> None:
        del now

    def finish(self) -> Sequence[Event]:
        return ()


def session(_options: object, _datagrams: bool, _standing: object) -> Session:
    return Thermometer()


SPEC = DriverSpec(
    name="toy",
    vendor="Nobody",
    title="Toy thermometer",
    models=(Model(name="Toy", evidence=Evidence.ASSUMED),),
    parts={"frames": Evidence.ASSUMED, "values": Evidence.ASSUMED},
    lines=(Line(scheme="serial", settings={"baud": "9600"}),),
    options=Options,
    session=session,
    simulator=Device,
    channels=lambda: [CORE],
    sends=re.compile(rb"(\?\n)*"),
)
