"""`vitalsd probe`: which device is on a port, or why nothing is heard. Passive, unless told to ask."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from collector.clock import MachineClock
from collector.driver import DriverSpec, Line
from collector.errors import LinkError, UsageError
from collector.model import DeviceIdentity, Event, Frame
from collector.recording import STREAM_MARK
from collector.transport import open_port
from collector.transport.base import Port, Transport, parse_port

LISTEN_S = 4.0
"""Longer than devices that speak by themselves are silent: MEDIBUS calls every 3 s, small monitors every 1 or 2 s."""
ANSWER_S = 2.0
"""How long a device is given to answer a request, before the next."""
ENOUGH_BYTES = 65_536
ALIKE = 0.05
"""Who understands hardly less of the bytes than the best is named too: some makers' devices speak alike."""
LEAST_SHARE = 0.5
"""Frames make up at least so much of the bytes of a device that is found: less is a coincidence in another's bytes."""
TEXT = 0.95
"""So much of a text is printable; of a text that is read at a wrong speed about a third."""
_DEFAULTS = {"baud": "9600", "bytesize": "8", "parity": "N", "stopbits": "1"}
_LINE = tuple(_DEFAULTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Bytes on a port at one setting of its line ("19200 8E1", empty of a network port), and who understands them.

    alike: other drivers that understand as much.
    """

    setting: str
    data: bytes
    driver: str = ""
    frames: int = 0
    share: float = 0.0
    identity: DeviceIdentity | None = None
    alike: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a probe found. `refused`: settings that the port does not take, with the reason."""

    port: str
    heard: Sequence[Heard]
    asked: str = ""
    refused: Mapping[str, str]

    @property
    def best(self) -> Heard | None:
        """Who understands most of what was heard; None: nobody."""
        understood = [one for one in self.heard if one.driver]
        return max(understood, key=lambda one: (one.share, one.frames), default=None)

    def save(self, file: Path) -> None:
        """Keep the bytes of the best setting as a capture, or those that look most like any. Raises UsageError."""
        best = self.best or self._likeliest
        data = best.data if best else b""
        try:
            file.write_text(f"{STREAM_MARK}\n< {data.hex(' ')}\n", encoding="ascii")
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from error

    @property
    def _likeliest(self) -> Heard | None:
        """Where nobody understands it: text at the setting where it is text, else the setting at which most came."""
        return max(self.heard, key=lambda one: (_printable(one.data) > TEXT, len(one.data)), default=None)

    @property
    def exit_status(self) -> int:
        return 0 if self.best else 1

    def lines(self, waiting: Iterable[str]) -> Sequence[str]:
        """The answer in words. waiting: drivers whose devices speak only when asked."""
        best = self.best
        if best is not None:
            told = best.identity
            name = " ".join(filter(None, (told.manufacturer, told.model, told.serial))) if told else ""
            said = f"{best.driver} at {best.setting}" if best.setting else best.driver
            said = f"{self.port}: {said}: {best.frames} frames, {best.share:.0%} of the bytes"
            alike = f"understood as well by {', '.join(best.alike)}: the label on the device decides"
            return [said, *(f"    {more}" for more in (name, alike if best.alike else "") if more)]
        if self.refused and not self.heard:
            return list(dict.fromkeys(self.refused.values()))
        came = [one for one in self.heard if one.data]
        if came:
            most = self._likeliest or came[0]
            return [
                f"{self.port}: bytes but no frame at any speed: a protocol that is not known here, or a bad line",
                *(f"    {_at(one)}: {len(one.data)} bytes, {_printable(one.data):.0%} printable" for one in came),
                f"    the first at {_at(most)}: {most.data[:32].hex(' ')}",
            ]
        if self.asked:
            return [f"{self.port}: no answer to {self.asked}: cable, null-modem, another device, or its output is off"]
        return [
            f"{self.port}: no bytes: cable, null-modem, or a device that waits for a request",
            f"    devices that wait are asked with --ask: {', '.join(waiting)}",
        ]


async def probe(
    port: str,
    specs: Sequence[DriverSpec],
    *,
    ask: DriverSpec | None = None,
    seconds: float | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Found:
    """Listen at a port: a serial device at each speed that a driver's line has, a network port as it is.

    ask: send its identification requests, at its line's speeds only; nothing else is ever sent. seconds: how long is
    listened at each setting, or after each request; None: what is usual. told: what is being tried. Ends with the first
    setting at which a device is understood. Raises UsageError for a port that cannot be one, and for a driver that has
    no identification request.
    """
    if ask is not None and not ask.identification:
        raise UsageError(f"{ask.name} has no identification request: its devices speak by themselves, or not at all")
    asked = [ask] if ask else specs
    heard: list[Heard] = []
    refused: dict[str, str] = {}
    for setting, place in _places(port, asked):
        told(setting or port)
        try:
            data = await _listened(await open_port(place), () if ask is None else ask.identification, seconds)
        except LinkError as error:
            refused[setting] = str(error)
            continue
        heard.append(understood(data, setting, asked))
        if heard[-1].driver:
            break
    return Found(port=port, heard=heard, asked=ask.name if ask else "", refused=refused)


def understood(data: bytes, setting: str, specs: Iterable[DriverSpec]) -> Heard:
    """Who of these understands most of these bytes."""
    found: list[Heard] = []
    for spec in specs:
        if spec.session is None or not data:
            continue
        session = spec.dialogue(spec.options(), datagrams=False)
        session.expire(0.0)
        session.outgoing()
        events: list[Event] = [*session.receive(data, 0.0), *session.finish()]
        frames = [event for event in events if isinstance(event, Frame)]
        share = min(1.0, sum(frame.length for frame in frames) / len(data))
        if frames and share >= LEAST_SHARE:
            identity = next((event for event in events if isinstance(event, DeviceIdentity)), None)
            found.append(
                Heard(setting=setting, data=data, driver=spec.name, frames=len(frames), share=share, identity=identity)
            )
    best = max(found, key=lambda one: (one.share, one.frames), default=Heard(setting=setting, data=data))
    alike = [one.driver for one in found if one is not best and one.share >= best.share - ALIKE]
    return replace(best, alike=tuple(alike))


def _places(port: str, specs: Sequence[DriverSpec]) -> Iterable[tuple[str, Port]]:
    """Settings to try, the commonest first, with the port at each."""
    text = port if "://" in port else f"serial://{Path(port).absolute()}"
    try:
        given = parse_port(text)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if given.scheme == "tcp":
        return [("", given)]
    if given.scheme != "serial":
        raise UsageError(f"{port}: expected a serial device or tcp://HOST:PORT")
    lines = [settings for spec in specs for line in spec.lines if line.scheme == "serial" for settings in _speeds(line)]
    if given.settings:
        lines = [{**_DEFAULTS, **{key: given.settings[key] for key in _LINE if key in given.settings}}]
    counts: dict[tuple[str, ...], int] = {}
    for settings in lines:
        key = tuple(settings[name] for name in _LINE)
        counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    return [
        (
            f"{baud} {bits}{parity}{stop}",
            Port(
                text=port,
                scheme="serial",
                path=given.path,
                settings={"baud": baud, "bytesize": bits, "parity": parity, "stopbits": stop},
            ),
        )
        for baud, bits, parity, stop in ordered
    ]


def _speeds(line: Line) -> Iterable[Mapping[str, str]]:
    """A line's settings at its usual speed and at the others of the device's menu."""
    usual = {**_DEFAULTS, **{key: value for key, value in line.settings.items() if key in _DEFAULTS}}
    return [usual, *({**usual, "baud": str(baud)} for baud in line.speeds)]


async def _listened(transport: Transport, requests: Sequence[bytes], seconds: float | None) -> bytes:
    """What comes by itself, or after each of these requests."""
    data = bytearray()
    try:
        for request in requests or (b"",):
            if request:
                await transport.write(request)
            await _hear(transport, data, seconds or (ANSWER_S if request else LISTEN_S))
    finally:
        await transport.close()
    return bytes(data)


async def _hear(transport: Transport, data: bytearray, seconds: float) -> None:
    clock = MachineClock()
    until_s = clock.monotonic() + seconds
    while len(data) < ENOUGH_BYTES:
        try:
            async with asyncio.timeout(max(0.0, until_s - clock.monotonic())):
                came = await transport.read()
        except TimeoutError:
            return
        except LinkError:
            if data:  # what it said before it hung up
                return
            raise
        if not came:
            return
        data += came


def _at(heard: Heard) -> str:
    return heard.setting or "the network"


def _printable(data: bytes) -> float:
    return sum(0x20 <= byte < 0x7F or byte in b"\r\n\t" for byte in data) / max(1, len(data))


def waiting(specs: Iterable[DriverSpec]) -> Sequence[str]:
    """Drivers whose devices can be asked what they are."""
    return [spec.name for spec in specs if spec.identification]
