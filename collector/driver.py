"""What a driver declares of itself, and how drivers are found."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from collector.codes import Parameter
from collector.errors import UsageError
from collector.model import AlarmCondition
from collector.session import Session


class Evidence(StrEnum):
    """How well we know that a part works, best first."""

    REAL_CAPTURE = "real capture"
    VENDOR_DOCUMENT = "vendor document"
    OTHER_IMPLEMENTATION = "other implementation"
    ASSUMED = "assumed"


_GROUP = "vitalsd.drivers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A device model with the evidence that this driver reads it."""

    name: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A transport that the driver speaks, with the defaults of its port.

    `scheme`: serial, tcp, tcp-listen or udp. `settings`: the query of a serial port (baud, parity, bytesize, stopbits,
    rtscts), overridden by what the port in the config says.
    """

    scheme: str
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None


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

    options: a pydantic model; unknown keys are errors. session(options, datagrams, standing): `datagrams` is True where
    each receive is one datagram (UDP, a .hex recording); standing: alarm conditions that stood in an earlier dialogue,
    so that the first list is told as a change of these: one that it holds unchanged continues, for until then nobody
    knows whether it does. simulator(simulated): the device's side of the dialogue.
    silence_s: without a frame for this long the device is called silent and the session starts anew.
    parameters: the driver's own VND_ codes, in the form of codes.csv.
    """

    name: str
    vendor: str
    title: str
    models: tuple[Model, ...]
    lines: tuple[Line, ...]
    options: type[Any]
    session: Callable[[Any, bool, Sequence[AlarmCondition]], Session]
    simulator: Callable[[Simulated], Session]
    silence_s: float = 8.0
    parameters: tuple[Parameter, ...] = ()


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
