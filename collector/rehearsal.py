"""A bed whose hours take seconds, for tests and for the demo's past.

Real runners, sessions, simulators and journal on an event loop of virtual time.

Time on the loop passes only when nothing is left to do, and then at once until the next thing is due. What is not the
daemon's own here: its threads (the journal is appended to in the loop, many frames at a time), sockets and ptys (a wire
in memory, which can be cut) and its start (`_daemon` below does what collector.daemon does for runners and links).
"""

import asyncio
import contextlib
import selectors
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.clock import MachineClock
from collector.driver import DriverSpec, Simulated, driver
from collector.errors import LinkError
from collector.journal import Journal
from collector.journal.rows import condition_of
from collector.links import Links, absence
from collector.metrics import Metrics
from collector.model import Condition, Entry, Event
from collector.normalize import Normalizer
from collector.placing import OneBed
from collector.runner import Runner
from collector.simulate import play
from collector.technical import Technical
from collector.transport.base import Transport

GATEWAY = ""
"""The device of a cut that is the gateway's own: it does not run meanwhile."""

TURN_S = 1e-6
"""What a turn of the loop takes: what is due at the very moment that a rounding missed is due in the next one."""

_BATCH = 5_000
"""Entries in one commit."""
_LOOK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """From start_s to end_s nothing passes between a device and the gateway. gone: its port is not there either."""

    device: str
    start_s: float
    end_s: float
    gone: bool = False

    def holds(self, time_s: float) -> bool:
        return self.start_s <= time_s < self.end_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A device at the bed. `options`: its driver's, none: those that are brief. `patient`: as it sees him."""

    name: str
    driver: str
    options: Mapping[str, Any] | None = None
    patient: object = None

    @property
    def spec(self) -> DriverSpec:
        return driver(self.driver)

    @property
    def datagrams(self) -> bool:
        return any(line.scheme == "udp" for line in self.spec.lines)

    @property
    def port(self) -> str:
        return f"udp://{self.name}:1" if self.datagrams else f"serial:///dev/{self.name}"


def live(
    journal: Journal,
    bed: str,
    *,
    patient: object,
    start_us: int,
    seconds: float,
    devices: Sequence[Placed | tuple[str, str]] = (("monitor", "ge-datex-dri"),),
    cuts: Sequence[Cut] = (),
    demo: bool = False,
) -> Mapping[str, Sequence[tuple[float, Event]]]:
    """Let a bed live from start_us (µs since 1970 UTC) for so long; all that came is in the journal then.

    The devices are on all the time and measure the patient (drivers.patient), whose time 0 is start_us. Returns what
    each device said, and when (s).
    """
    placed = [one if isinstance(one, Placed) else Placed(name=one[0], driver=one[1]) for one in devices]
    theatre = _Theatre(journal, bed, patient, start_us, seconds, placed, cuts, demo)
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        runner.run(theatre.run())
    return theatre.said


class _VirtualLoop(asyncio.SelectorEventLoop):
    """Time is what its timers say."""

    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.now_s


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: time passes instead."""

    def __init__(self, loop: _VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("nothing will ever happen")
        self._loop.now_s += max(TURN_S, timeout or 0.0)
        return found


class _Wire:
    """Between a device that is always on and whoever is connected to it: the last one."""

    def __init__(self, device: Placed, cuts: Sequence[Cut]) -> None:
        self.datagrams = device.datagrams
        self.up: asyncio.Queue[bytes] = asyncio.Queue()
        self.down: asyncio.Queue[bytes] = asyncio.Queue()
        self._device = device
        self._cuts = [cut for cut in cuts if cut.device == device.name]

    @property
    def cut(self) -> Cut | None:
        time_s = asyncio.get_running_loop().time()
        return next((cut for cut in self._cuts if cut.holds(time_s)), None)

    async def connect(self) -> Transport:
        if self.cut is not None and self.cut.gone:
            raise LinkError(f"{self._device.port} is not there")
        self.up = asyncio.Queue()
        return _End(self, host=True)


class _End:
    """One end of a wire, as the host or as the device sees it."""

    def __init__(self, wire: _Wire, *, host: bool) -> None:
        self.datagrams = wire.datagrams
        self._wire = wire
        self._host = host
        self._came = wire.up if host else wire.down

    async def read(self) -> bytes:
        return await self._came.get()

    async def write(self, data: bytes) -> None:
        cut = self._wire.cut
        if cut is None:
            (self._wire.down if self._host else self._wire.up).put_nowait(data)
        elif cut.gone and self._host:
            raise LinkError("the serial adapter has gone")

    async def close(self) -> None:
        """The wire stays."""


@dataclass(slots=True)
class _Theatre:
    journal: Journal
    bed: str
    patient: object
    start_us: int
    seconds: float
    devices: Sequence[Placed]
    cuts: Sequence[Cut]
    demo: bool
    said: dict[str, list[tuple[float, Event]]] = field(default_factory=dict)
    _waiting: list[Entry] = field(default_factory=list)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        wires = {device.name: _Wire(device, self.cuts) for device in self.devices}
        async with asyncio.TaskGroup() as group:
            lives = [group.create_task(self._device(device, wires[device.name])) for device in self.devices]
            for begin_s, end_s in self._shifts():
                await asyncio.sleep(begin_s - loop.time())
                daemon = group.create_task(self._daemon(wires))
                await asyncio.sleep(end_s - loop.time())
                daemon.cancel()
                await asyncio.wait([daemon])
                self._flush()
            for life in lives:
                life.cancel()

    def _shifts(self) -> Sequence[tuple[float, float]]:
        """When the gateway runs."""
        down = sorted((cut.start_s, cut.end_s) for cut in self.cuts if cut.device == GATEWAY)
        begins = [0.0, *(end_s for _, end_s in down)]
        ends = [*(start_s for start_s, _ in down), self.seconds]
        return list(zip(begins, ends, strict=True))

    async def _device(self, device: Placed, wire: _Wire) -> None:
        clock = asyncio.get_running_loop().time
        simulated = Simulated(patient=device.patient or self.patient, datagrams=wire.datagrams, epoch_us=self.start_us)
        assert device.spec.simulator is not None
        simulator = device.spec.simulator(simulated)
        said = self.said.setdefault(device.name, [])

        def hear(events: Sequence[Event]) -> None:
            said.extend((clock(), event) for event in events)

        hear(simulator.expire(0.0))
        await play(simulator, _End(wire, host=False), clock, hear)

    async def _daemon(self, wires: Mapping[str, _Wire]) -> None:
        loop = asyncio.get_running_loop()
        clock = MachineClock(lambda: self.start_us * 1000 + round(loop.time() * 1e9), lambda: round(loop.time() * 1e9))
        changes = [condition_of(row) for row in self.journal.last_conditions(self.bed)]
        technical = Technical(self.bed, clock.utc_us, changes, demo=self.demo)
        links = Links(technical, clock.utc_us())
        if self.journal.tip:
            self._append(absence(technical, self.journal.last_seen_us(clock.utc_us()), clock.utc_us()), {})
        runners = {device.name: self._runner(device, clock, changes) for device in self.devices}
        async with asyncio.TaskGroup() as group:
            for name, runner in runners.items():
                group.create_task(runner.run(wires[name].connect, {}))
            while True:
                self._append(links.look([runner.status for runner in runners.values()], clock.utc_us()), {})
                await asyncio.sleep(_LOOK_S)

    def _runner(self, device: Placed, clock: MachineClock, changes: Sequence[Condition]) -> Runner:
        normalizer = Normalizer(bed=self.bed, device=device.name, demo=self.demo)
        normalizer.recall(
            (reading for reading in self.journal.measured(self.bed) if reading.series.device == device.name),
            (change for change in changes if change.device == device.name),
        )
        options = device.spec.brief if device.options is None else device.options
        return Runner(
            name=device.name,
            port=device.port,
            spec=device.spec,
            options=device.spec.options.model_validate(options),
            placing=OneBed(normalizer),
            append=self._append,
            clock=clock,
            metrics=Metrics(self.bed, clock.utc_us),
        )

    def _append(self, entries: Sequence[Entry], inputs: dict[str, int]) -> Awaitable[object]:
        del inputs
        self._waiting += entries
        if len(self._waiting) >= _BATCH:
            self._flush()
        kept = asyncio.get_running_loop().create_future()
        kept.set_result(None)
        return kept

    def _flush(self) -> None:
        with contextlib.suppress(IndexError):
            self.journal.append(self._waiting)
        self._waiting.clear()
