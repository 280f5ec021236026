"""What a driver declares of itself, and how drivers are found."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from collector.codes import Parameter
from collector.errors import UsageError
from collector.model import AlarmCondition, Channel
from collector.session import Session, Source
from collector.transport.base import Port


class Evidence(StrEnum):
    """How well we know that a part works, best first."""

    REAL_CAPTURE = "real capture"
    VENDOR_DOCUMENT = "vendor document"
    OTHER_IMPLEMENTATION = "other implementation"
    ASSUMED = "assumed"


PARTS = ("frames", "dialogue", "values", "settings", "alarms", "waves", "identity")
"""Parts of a protocol, in the order in which they are told. `settings`: also limits and modes."""

_GROUP = "vitalsd.drivers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A device model with the evidence that this driver reads it."""

    name: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A transport that the driver speaks, with the defaults of its port.

    `scheme`: serial, tcp, tcp-listen or udp; of a Source also mqtt, mqtts, http, https. `settings`: the query of a
    serial port (baud, parity, bytesize, stopbits, rtscts), overridden by what the port in the config says. `speeds`:
    other baud rates that the device's menu offers. `port`: the number where the config names none.
    `path`: of a URL, what the simulated device is found under.
    """

    scheme: str
    settings: Mapping[str, str] = field(default_factory=dict)
    speeds: tuple[int, ...] = ()
    port: int | None = None
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What a simulator is made from.

    patient: a drivers.patient.Patient, whose time 0 is the simulator's first call; epoch_us: the wall clock (µs since
    1970 UTC) at now = 0, from which the simulated device sets its own clock; datagrams: whether it speaks UDP.
    """

    patient: Any
    seed: int = 0
    datagrams: bool = False
    epoch_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverSpec:
    """A driver's declaration, the object SPEC of its package.

    parts: part of the protocol (of PARTS) → how well we know it; one that is not there is not read.
    options: a pydantic model; unknown keys are errors.

    A protocol of ours has session(options, datagrams, standing): `datagrams` is True where each receive is one datagram
    (UDP, a .hex recording); standing: alarm conditions that stood in an earlier dialogue, so that the first list is
    told as a change of these: one that it holds unchanged continues, for until then nobody knows whether it does. Its
    simulator(simulated) is the device's side. A protocol of a library that owns its socket has source(options, port,
    standing) instead, and peer(simulated, port, clock): the device itself, at that port, by a clock in seconds.

    silence_s: without a frame for this long the device is called silent and the session starts anew; an option of the
    same name overrides it. durable_first: what it sends acknowledges what it has heard, and waits for the journal.
    parameters: the driver's own VND_ codes, in the form of codes.csv. channels(): all that its code table knows.
    example: the options that fit the simulated device, where the defaults do not. brief: those that leave out waves and
    what nobody charts, for simulations of hours.
    identification: requests by which the device tells what it is and that change nothing, sent one after another.
    sends: what a session may ever send, as a pattern of the whole: nothing but reading and the protocol's own courtesy.
    """

    name: str
    vendor: str
    title: str
    models: tuple[Model, ...]
    parts: Mapping[str, Evidence]
    lines: tuple[Line, ...]
    options: type[Any]
    session: Callable[[Any, bool, Sequence[AlarmCondition]], Session] | None = None
    simulator: Callable[[Simulated], Session] | None = None
    source: Callable[[Any, Port, Sequence[AlarmCondition]], Source] | None = None
    peer: Callable[[Simulated, Port, Callable[[], float]], Source] | None = None
    silence_s: float = 8.0
    durable_first: bool = False
    parameters: tuple[Parameter, ...] = ()
    channels: Callable[[], Iterable[Channel]] = tuple
    example: Mapping[str, Any] = field(default_factory=dict)
    brief: Mapping[str, Any] = field(default_factory=dict)
    identification: tuple[bytes, ...] = ()
    sends: re.Pattern[bytes] | None = None

    def dialogue(self, options: object, datagrams: bool, standing: Sequence[AlarmCondition] = ()) -> Session:
        """A session with these options. Raises UsageError where the driver has none: its library owns the socket."""
        if self.session is None:
            raise UsageError(f"{self.name} has no bytes of its own: a library speaks its protocol")
        return self.session(options, datagrams, standing)

    def silence_of(self, options: object) -> float:
        """Without a frame for so many seconds a device with these options is called silent."""
        return float(getattr(options, "silence_s", self.silence_s))


@cache
def names() -> tuple[str, ...]:
    """The names of all drivers, in order: the folders of `drivers/` and the entry points of group `vitalsd.drivers`."""
    package = importlib.import_module("drivers")
    folders = {folder.name.replace("_", "-") for folder in pkgutil.iter_modules(package.__path__) if folder.ispkg}
    return tuple(sorted(folders | {point.name for point in entry_points(group=_GROUP)}))


@cache
def driver(name: str) -> DriverSpec:
    """The driver of that name; only its own code is loaded. Raises UsageError, naming the drivers that there are."""
    if name not in names():
        raise UsageError(f"no driver {name!r}: there are {', '.join(names())}")
    for point in entry_points(group=_GROUP, name=name):
        outside: DriverSpec = point.load()
        return outside
    spec: DriverSpec = importlib.import_module(f"drivers.{name.replace('-', '_')}").SPEC
    return spec


def drivers() -> Mapping[str, DriverSpec]:
    """All drivers by name."""
    return {name: driver(name) for name in names()}
