"""The bed's devices, simulated on real ptys and sockets, with cables that can be pulled and noise on their lines."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from collector.config import Config, inline
from collector.driver import DriverSpec, driver
from collector.model import AlarmCondition, AlarmPhase, DeviceIdentity, Event, Observation, PatientIdentity, Waveform
from collector.simulate import nearby, simulate
from collector.transport.base import Transport
from collector.verify.testimony import Absence, Said
from drivers.patient import Patient, Vitals

DEFAULT_DRIVERS = ("ge-datex-dri", "philips-intellivue", "draeger-medibus")
"""Of a run without a configuration."""

NOISE_BYTES = (7, 13, 19, 31)
"""Lengths of a burst: no multiple of the length of any field, so that a weak checksum is not met by the length too."""

NOISE_LIMIT = 0x80
"""Bytes of a burst are below: with the top bit set they are samples to a protocol that sends those without a check."""


SAID = Observation | Waveform | AlarmCondition | DeviceIdentity | PatientIdentity
"""What of a device's events is to be kept."""

RESTLESS_S, LOW_S, LOW_PCT = 6.0, 3.0, 91.0


class Restless(Patient):
    """A patient whose SpO2 is below every device's alarm limit for LOW_S of each RESTLESS_S."""

    def vitals(self, time_s: float) -> Vitals:
        now = super().vitals(time_s)
        return replace(now, spo2_pct=LOW_PCT) if time_s % RESTLESS_S >= RESTLESS_S - LOW_S else now


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device of the scratch bed; `where`: of its simulator; `port`: by which the daemon reaches it."""

    name: str
    spec: DriverSpec
    options: dict[str, Any]
    sites: dict[str, str]
    where: str
    port: str


def devices(config: Config | None, folder: Path) -> list[Device]:
    """Simulated devices of the configuration's drivers with its options, or of the default ones."""
    given: list[tuple[str, DriverSpec, str, dict[str, Any], dict[str, str]]]
    if config is None:
        given = [(name, driver(name), "", {}, {}) for name in DEFAULT_DRIVERS]
    else:
        given = [(d.name, d.spec, d.parsed_port.scheme, d.options, d.sites) for d in config.device]
    made = []
    for number, (name, spec, scheme, configured, sites) in enumerate(given):
        where, port = nearby(spec, folder / f"{number}.tty", scheme)
        options = dict(spec.example) if spec.source else configured  # a simulated library's device has its own signals
        made.append(Device(name=name, spec=spec, options=options, sites=sites, where=where, port=port))
    return made


def toml(bed: str, made: Sequence[Device], journal: Path, dsn: str, config: Config | None) -> str:
    """The scratch bed's file, with the configuration's limits. Of a feed it is one of its beds."""
    kind = config.bed.kind if config and config.feed is None else "or"
    lines = ["[bed]", f"id = {inline(bed)}", f"kind = {inline(kind)}"]
    for device in made:
        lines += [
            "[[device]]",
            f"name = {inline(device.name)}",
            f"driver = {inline(device.spec.name)}",
            f"port = {inline(device.port)}",
            f"options = {inline(device.options)}",
            f"sites = {inline(device.sites)}",
        ]
    lines += ["[journal]", f"path = {inline(str(journal))}"]
    if config is not None:
        lines += [f"keep_hours = {config.journal.keep_hours}", f"max_bytes = {config.journal.max_bytes}"]
    return "\n".join([*lines, "[timescale]", f"dsn = {inline(dsn)}", ""])


@dataclass(slots=True)
class Simulators:
    """All devices of a bed. `said`: what they said, in order; `absences`: when nobody listened."""

    devices: Sequence[Device]
    said: list[Said] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    _lives: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _lines: dict[str, "NoisyLine"] = field(default_factory=dict)
    _chance: random.Random = field(default_factory=random.Random)

    async def start(self) -> None:
        for device in self.devices:
            await self.plug(device)

    async def close(self) -> None:
        for device in self.devices:
            await self.pull(device)

    async def plug(self, device: Device) -> None:
        """Return when its port is there."""
        ready = asyncio.Event()

        def through(transport: Transport) -> Transport:
            line = self._lines[device.name] = NoisyLine(transport, self._chance)
            return line

        def said(events: Sequence[Event]) -> None:
            now_us = time.time_ns() // 1_000
            for event in events:
                if isinstance(event, SAID):
                    self.said.append(Said(time_us=now_us, device=device.name, event=event))

        patient = Restless("stable", self._chance.randrange(1_000))
        life = simulate(device.spec, device.where, patient=patient, said=said, ready=ready.set, through=through)
        task = self._lives[device.name] = asyncio.create_task(life)
        listens = asyncio.create_task(ready.wait())
        if "tcp" not in device.port:  # one that is called, or calls, is ready only then
            await asyncio.wait({task, listens}, return_when=asyncio.FIRST_COMPLETED)
        listens.cancel()
        if task.done():
            await task

    async def pull(self, device: Device) -> None:
        """The cable is out: its port goes away. Another device may take its place, on which its alarms do not stand."""
        task = self._lives.pop(device.name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        now_us = time.time_ns() // 1_000
        alarms = [one.event for one in self.said if one.device == device.name and isinstance(one.event, AlarmCondition)]
        last = {alarm.source: alarm for alarm in alarms}
        self.said += (
            Said(time_us=now_us, device=device.name, event=replace(alarm, phase=AlarmPhase.END), may=True)
            for alarm in last.values()
            if alarm.phase is not AlarmPhase.END
        )

    async def disturb(self, device: Device) -> int:
        """Garbage between the next frames and inside one; what was said meanwhile need not have been understood.

        Returns how many writes were spoilt.
        """
        line = self._lines.get(device.name)
        if line is None:
            return 0
        begin = len(self.said)
        spoilt = await line.disturb()
        for n in range(begin, len(self.said)):
            if self.said[n].device == device.name:
                self.said[n] = replace(self.said[n], may=True)
        return spoilt


class NoisyLine:
    """A transport whose writes can be spoilt."""

    def __init__(self, transport: Transport, chance: random.Random) -> None:
        self._transport = transport
        self._chance = chance
        self._noise = 0
        self._spoilt = asyncio.Event()
        self.datagrams = transport.datagrams

    async def disturb(self) -> int:
        """Return when three writes have been spoilt: one before, one inside, one after a frame; or soon: how many."""
        self._spoilt.clear()
        self._noise = 3
        with suppress(TimeoutError):
            async with asyncio.timeout(_DISTURB_S):
                await self._spoilt.wait()
        spoilt, self._noise = 3 - self._noise, 0
        return spoilt

    async def read(self) -> bytes:
        return await self._transport.read()

    async def write(self, data: bytes) -> None:
        if not self._noise:
            await self._transport.write(data)
            return
        garbage = bytes(self._chance.choices(range(NOISE_LIMIT), k=self._chance.choice(NOISE_BYTES)))
        if self.datagrams:
            await self._transport.write(garbage)
            await self._transport.write(data)
        else:
            place = (0, self._chance.randrange(1, max(2, len(data))), len(data))[self._noise - 1]
            await self._transport.write(data[:place] + garbage + data[place:])
        self._noise -= 1
        if not self._noise:
            self._spoilt.set()

    async def close(self) -> None:
        await self._transport.close()


_DISTURB_S = 3.0
