"""Checks of a driver whose library owns the socket: with the simulated device, on a real one."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collector.clock import MachineClock
from collector.conform.subject import EPOCH_US, Failed
from collector.conform.talk import Talk
from collector.driver import DriverSpec, Simulated
from collector.errors import LinkError
from collector.model import Event, Observation
from collector.session import Source
from collector.simulate import nearby
from collector.transport.base import parse_port

LISTEN_S = 30.0
"""The longest that a value may take, from opening; a wait ends with the first one."""
LISTENED_S = 3.0
"""How long it is listened to from then on."""


def conversation(spec: DriverSpec, patient: Any) -> tuple[Talk, str]:
    """What the device said is heard, and heard again from a device that was restarted."""
    return asyncio.run(_conversation(spec, patient))


async def _conversation(spec: DriverSpec, patient: Any) -> tuple[Talk, str]:
    _, text = nearby(spec, Path())
    port = parse_port(text)
    clock = MachineClock()
    assert spec.peer is not None
    assert spec.source is not None
    simulated = Simulated(patient=patient, seed=3, epoch_us=EPOCH_US)
    options = spec.options.model_validate(spec.example)

    def device() -> Source:
        assert spec.peer is not None
        return spec.peer(simulated, port, clock.monotonic)

    def source() -> Source:
        assert spec.source is not None
        return spec.source(options, port, ())

    found = Talk()
    with contextlib.suppress(LinkError):
        lonely = source()
        try:
            await lonely.open()
            raise Failed("it opens where there is no device")
        finally:
            await lonely.close()
    async with _living(device(), found.said), _living(source(), found.heard) as hearing:
        await _value(found.heard, hearing)
        await asyncio.sleep(LISTENED_S)
        if hearing.done():
            raise Failed(f"it ended while the device was there: {hearing.exception()}")
        missing = _missing(found)
        if missing:
            raise Failed(missing)
    again = Talk()
    async with _living(device(), again.said), _living(source(), again.heard) as hearing:
        await _value(again.heard, hearing)
    values = sum(isinstance(event, Observation) for event in found.heard)
    return found, f"{values} values over a real socket, and again from a device that was restarted"


class _living:  # noqa: N801  reads like the function that it is
    """A source or a device that runs meanwhile; what it tells is added to `told`."""

    def __init__(self, source: Source, told: list[Event]) -> None:
        self._source, self._told = source, told

    async def __aenter__(self) -> "asyncio.Task[None]":
        await self._source.open()
        self._task = asyncio.create_task(self._follow())
        return self._task

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._source.close()

    async def _follow(self) -> None:
        async for events in self._source:
            self._told.extend(events)


async def _value(heard: Sequence[Event], hearing: "asyncio.Task[None]") -> None:
    try:
        async with asyncio.timeout(LISTEN_S):
            while not any(isinstance(event, Observation) and event.value is not None for event in heard):
                if hearing.done():
                    raise Failed(f"it ended before a value was heard: {hearing.exception()}")
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise Failed(f"no value was heard within {LISTEN_S:.0f} s") from None


def _missing(found: Talk) -> str:
    """What was said early enough and not heard."""
    said = [e for e in found.said if isinstance(e, Observation) and isinstance(e.value, float | int)]
    got = {(e.channel, e.value) for e in found.heard if isinstance(e, Observation)}
    first = {e.channel for e in said}
    heard = {channel for channel, _ in got}
    unheard = next(iter(first - heard), None)
    if not said:
        return "the simulated device said no value"
    if unheard is not None:
        return f"said and not heard: {unheard.source} {unheard.code}"
    told = {(e.channel, e.value) for e in found.said if isinstance(e, Observation)}
    wrong = next((one for one in got if one[1] is not None and one not in told), None)
    return f"heard and not said: {wrong[0].source} = {wrong[1]}" if wrong else ""
