"""Checks of what a driver declares: its codes, its units, its files and the forms of its tables."""

import importlib
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from collector.codes import Parameter, by_refid
from collector.config import load
from collector.conform.subject import Failed, Unchecked
from collector.conform.talk import Talk
from collector.driver import PARTS, DriverSpec
from collector.errors import UsageError
from collector.model import UNMAPPED, Channel, Observation, Role, Waveform

LONGEST_SILENCE_S = 10.0
"""A device that has gone is told within 10 s (design §7); one that speaks seldom has an option for it."""
HEADINGS = ("model", "evidence")
"""What a README tells at least, in a heading or a table."""


def known(spec: DriverSpec) -> Mapping[str, Parameter]:
    """The parameters that the driver may name: the dictionary's and its own."""
    return {**by_refid(), **{parameter.refid: parameter for parameter in spec.parameters}}


def channels(spec: DriverSpec, talks: Iterable[Talk]) -> Iterable[Channel]:
    """Those of its code table, and those that were heard."""
    heard = (e.channel for one in talks for e in one.heard if isinstance(e, Observation | Waveform))
    return dict.fromkeys([*spec.channels(), *heard])


def codes(spec: DriverSpec, talks: Iterable[Talk]) -> str:
    """Every channel's code is in the dictionary or among the driver's own parameters, with a source of its own."""
    parameters, checked, unmapped = known(spec), 0, 0
    for channel in channels(spec, talks):
        checked += 1
        unmapped += channel.code == UNMAPPED
        if channel.code != UNMAPPED and channel.code not in parameters:
            raise Failed(f"{channel.source}: {channel.code} is neither in the dictionary nor among its parameters")
        if not channel.source:
            raise Failed(f"{channel.code}: has no source: the device's own id of the signal")
    if not checked:
        raise Failed("it declares no channels, and none was heard")
    for parameter in spec.parameters:
        if not parameter.refid.startswith("VND_") or parameter.refid in by_refid():
            raise Failed(f"{parameter.refid}: its own parameters are VND_… and not in the dictionary")
        if not (parameter.zh and parameter.en and parameter.source):
            raise Failed(f"{parameter.refid}: needs names in zh and en, and a source")
    if len({parameter.refid for parameter in spec.parameters}) != len(spec.parameters):
        raise Failed("it declares a parameter twice")
    return f"{checked} channels ({unmapped} of them unmapped), {len(spec.parameters)} parameters of its own"


def units(spec: DriverSpec, talks: Iterable[Talk]) -> str:
    """Every unit is UCUM, and measures what the parameter is."""
    parse, registry = _ucum()
    parameters = known(spec)
    dimensions: dict[str, str] = {}

    def dimension(unit: str, whose: str) -> str:
        if unit not in dimensions:
            try:
                parse(unit)
            except Exception:  # noqa: BLE001  the library's parser raises what it likes
                raise Failed(f"{whose}: {unit!r} is no UCUM unit") from None
            dimensions[unit] = _dimension(registry, unit)
        return dimensions[unit]

    for parameter in spec.parameters:
        if parameter.unit:
            dimension(parameter.unit, parameter.refid)
    for channel in channels(spec, talks):
        usual = parameters[channel.code].unit if channel.code in parameters else ""
        if not channel.unit:
            continue
        told = dimension(channel.unit, f"{channel.source} {channel.code}")
        if not usual or channel.role not in {Role.MEASURED, Role.SET}:
            continue
        wanted = dimension(usual, channel.code)
        if "" not in {told, wanted} and told != wanted and frozenset((told, wanted)) not in _alike(registry):
            raise Failed(f"{channel.source} {channel.code}: {channel.unit!r} is no {usual!r}")
    return f"{len(dimensions)} units"


@cache
def _ucum() -> tuple[Callable[[str], object], Any]:
    """UCUM's grammar, and what its units measure."""
    try:
        from ucumvert import PintUcumRegistry, parse_ucum  # noqa: PLC0415  an extra, and a second
    except ImportError:
        raise Unchecked("UCUM itself is an extra: pip install 'vitalsd[conform]'") from None
    return parse_ucum, PintUcumRegistry()


def _dimension(registry: Any, unit: str) -> str:
    """What a unit measures; empty where the library does not know."""
    try:
        return str(registry.from_ucum(unit).dimensionality)
    except Exception:  # noqa: BLE001  as above
        return ""


@cache
def _alike(registry: Any) -> frozenset[frozenset[str]]:
    """Quantities in which devices tell the same: gas as share or pressure, ST as length or voltage, a count a time."""
    pairs = (("%", "mm[Hg]"), ("%/L", "mm[Hg]/L"), ("mm", "mV"), ("1", "/min"))
    return frozenset(frozenset(_dimension(registry, unit) for unit in pair) for pair in pairs)


def declaration(spec: DriverSpec) -> str:
    """What it says of itself holds together; README and sample are there, and the sample is a bed that works."""
    for what, there in (
        ("models", spec.models),
        ("parts with evidence", spec.parts),
        ("lines", spec.lines),
        ("either session and simulator, or source and peer", (spec.session is None) != (spec.source is None)),
        ("a simulator", spec.simulator if spec.session else spec.peer),
    ):
        if not there:
            raise Failed(f"it declares no {what}")
    other = [part for part in spec.parts if part not in PARTS]
    if other:
        raise Failed(f"{other[0]!r} is no part of a protocol: {', '.join(PARTS)}")
    if spec.silence_s > LONGEST_SILENCE_S:
        raise Failed(
            f"silence_s is {spec.silence_s}: at most {LONGEST_SILENCE_S}; a slow device has the option silence_s"
        )
    try:
        spec.options.model_validate({"no_such_option": 1})
        raise Failed("its options take a key that they do not know")
    except ValidationError:
        pass
    for name, options in (("example", spec.example), ("brief", {**spec.example, **spec.brief})):
        try:
            spec.options.model_validate(options)
        except ValidationError as error:
            raise Failed(f"{name}: {error.errors()[0]['msg']}") from None
    return _documents(spec)


def _documents(spec: DriverSpec) -> str:
    package = files(_package(spec))
    try:
        readme = package.joinpath("README.md").read_text(encoding="utf-8")
        with as_file(package.joinpath("sample.toml")) as sample:
            text = Path(sample).read_text(encoding="utf-8")
    except OSError as error:
        raise Failed(f"{Path(error.filename).name}: is not there") from None
    missing = [word for word in HEADINGS if word not in readme.lower()]
    if missing:
        raise Failed(f"README.md tells nothing of {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "sample.toml")
        file.write_text(text, encoding="utf-8")
        try:
            config = load(file)
        except UsageError as error:
            raise Failed("; ".join(reason.replace(str(file), "sample.toml") for reason in error.reasons)) from None
    if spec.name not in {device.driver for device in config.device}:
        raise Failed(f"sample.toml has no device of {spec.name}")
    return f"README, sample of {len(config.device)} device{'s' * (len(config.device) > 1)}, options"


def _package(spec: DriverSpec) -> str:
    """The package that the driver's options are in."""
    module = importlib.import_module(spec.options.__module__)
    return module.__package__ or module.__name__
