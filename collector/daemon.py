"""One bed's daemon: puts the parts together, and takes them apart in order."""

import asyncio
import contextlib
import math
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alarms.board import Alarm, Presence
from alarms.follower import PAST_US, Follower
from alarms.latency import Latency
from alarms.pcd04 import Reporter
from alarms.technical import SIGNAL, SITE, UNMAPPED, Watched
from collector import certificates
from collector.bell import Bell
from collector.broker import Broker
from collector.clock import EVER_US, MachineClock, from_datetime
from collector.config import Config, DeviceSection
from collector.delivery import Delivery, Sink
from collector.errors import DiskError, JournalError, UsageError
from collector.health import EVERY_S, Reports
from collector.journal import Journal, Writer
from collector.journal.both import BothReader
from collector.journal.safe import SafeJournal
from collector.journal.watch import JournalWatch
from collector.links import Links, absence
from collector.logs import logger
from collector.machine import disk, watching
from collector.metrics import Metrics
from collector.migrate import migrate_new
from collector.model import Condition, Entry, Priority, Reading
from collector.mqtt_messages import READER as MQTT_READER
from collector.normalize import Normalizer
from collector.notify import notify, watchdog_s
from collector.placing import ManyBeds, OneBed, bed_of, spread, strays
from collector.recording import recording
from collector.runner import Runner
from collector.status import DeviceState
from collector.technical import GATEWAY, Technical
from collector.timekeeping import Timekeeper, set_back
from collector.timescale import READER, Timescale
from collector.transport import open_port
from collector.transport.base import Transport
from collector.transport.capture import CaptureTap

if TYPE_CHECKING:
    from collector.mqtt import Mqtt

RECORDING_START = "2000-01-01T00:00:00Z"
"""When a recording is taken to begin if its port does not say (design §5)."""

SEEN_S = 5.0
"""How often the journal is told that the daemon runs: so exactly is known when it did not (links.LATE_US is longer)."""

SINKS = {READER: Priority.MEDIUM, MQTT_READER: Priority.LOW}
"""Priorities of a server that is not reached: what the store does not take is missing in the record."""

OF_A_BED = tuple(f"{kind}:" for kind in (SIGNAL, SITE, UNMAPPED))
"""How the sources of conditions begin that a feed has of each of its beds."""

WATCH_S = 1.0
"""How often the counts of journal and sinks are read for the metrics."""


async def run_bed(
    config: Config, stop: asyncio.Event, *, once: bool = False, ready: Callable[[], None] = lambda: None
) -> None:
    """Run until `stop`, or (once) until every input has ended and the sinks have everything.

    Raises UsageError for a recording, a DSN or an address that cannot be had, JournalError for a journal that cannot.
    """
    daemon = _Daemon(config, stop)
    try:
        await daemon.run(once=once, ready=ready)
    except BaseExceptionGroup as group:
        errors = list(_leaves(group))
        reasons = [reason for error in errors if isinstance(error, UsageError) for reason in error.reasons]
        if reasons:
            raise UsageError(*reasons) from None
        if all(isinstance(error, JournalError) for error in errors):
            raise JournalError("; ".join(dict.fromkeys(map(str, errors)))) from None
        raise
    finally:
        await daemon.close()


class _Daemon:
    def __init__(self, config: Config, stop: asyncio.Event) -> None:
        self._config = config
        self._stop = stop
        self._clock = MachineClock()
        self._metrics = Metrics(config.bed.id, self._clock.utc_us, config.bed.zone)
        self._log = logger(bed=config.bed.id)
        self._bell = Bell()
        self._mqtt: Mqtt | None = None
        self._reporters: dict[str, Reporter] = {}
        sinks: dict[str, Callable[[Journal], Sink]] = {}
        if config.timescale is not None:
            sinks[READER] = partial(Timescale, config.timescale.full_dsn, beds=config.beds)
        if config.mqtt is not None:
            sinks[MQTT_READER] = partial(self._publish, config.mqtt.broker)
        try:
            limits = replace(config.journal.limits, passing=frozenset({MQTT_READER}))
            self._journal = SafeJournal(config.journal.path, list(sinks), limits, self._clock.utc_us)
        except JournalError as error:
            raise UsageError(f"journal.path: {error}") from error
        self._reader = BothReader(self._journal)
        self._changes: dict[str, Sequence[Condition]] = {}
        self._stored: dict[str, Sequence[Reading]] = {}
        for bed in config.beds:
            self._remember(bed)
        changes = self._changes[config.bed.id]
        now_us, now_s = self._clock.utc_us(), self._clock.monotonic()
        self._technical = Technical(config.bed.id, self._clock.utc_us, changes, demo=config.bed.demo)
        self._watched = {
            bed: Watched(
                self._technical
                if bed == config.bed.id
                else Technical(bed, self._clock.utc_us, self._of_bed(bed), demo=config.bed.demo),
                self._stored[bed],
                {name: SINKS[name] for name in sinks} if bed == config.bed.id else {},
                now_us,
                now_s,
            )
            for bed in config.beds
        }
        self._alarms = Follower(config.bed.id, self._reader, changes)
        self._told = changes
        self._latency = Latency(self._metrics.alarm_page.labels(config.bed.id).observe)
        self._journal_watch = JournalWatch(self._journal, self._technical)
        self._metrics.limit.set(config.journal.max_bytes)
        self._links = Links(self._technical, now_us)
        self._reports = Reports(config.bed.id, demo=config.bed.demo)
        self._health = watching(self._journal, config.journal.path, self._clock)
        self._delivery = Delivery(self._journal, sinks, frozenset({MQTT_READER}))
        self._writer = Writer(self._journal, self._bell.ring, self._delivery.wake)
        self._runners = [self._runner(device) for device in config.device]
        self._timekeeper = Timekeeper(
            bed=config.bed.id,
            clock=self._clock,
            technical=self._technical,
            metrics=self._metrics,
            stepped=[self._links.stepped, self._latency.stepped, *(runner.stepped for runner in self._runners)],
            demo=config.bed.demo,
        )

    async def run(self, *, once: bool, ready: Callable[[], None]) -> None:
        inputs = self._journal.inputs()
        await self._tell_absence()
        async with asyncio.TaskGroup() as group:
            lives = [
                group.create_task(self._life(device, runner, inputs), name=device.name)
                for device, runner in zip(self._config.device, self._runners, strict=True)
            ]
            services = [group.create_task(service) for service in self._services()]
            await asyncio.wait(services, timeout=0)  # they have begun to listen; one that cannot has ended the group
            ready()
            notify("READY=1")
            self._log.info("running", devices=len(lives))
            await self._ended(lives, once=once)
            notify("STOPPING=1")
            self._stop.set()
            for task in lives:
                task.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
            for task in services:
                task.cancel()

    @property
    def _is_live(self) -> bool:
        return any(device.parsed_port.scheme != "replay" for device in self._config.device)

    async def _tell_absence(self) -> None:
        """Journal that the gateway was not there; a bed of recordings has no time in which it could not be."""
        if self._is_live:
            last_us, now_us = await asyncio.to_thread(self._journal.last_seen_us), self._clock.utc_us()
            changes = [*set_back(self._technical, self._told, now_us), *absence(self._technical, last_us, now_us)]
            await self._tell(changes, {})
        await asyncio.to_thread(self._journal.go_on)

    def _remember(self, bed: str) -> None:
        """What the journal has last of a bed."""
        self._changes[bed], self._stored[bed] = (), ()
        with contextlib.suppress(DiskError):
            self._changes[bed] = self._reader.last_conditions(bed)
            self._stored[bed] = self._reader.measured(bed)

    def _of_bed(self, bed: str) -> Iterator[Condition]:
        """Without those that are the whole feed's, and end when that tells."""
        return (change for change in self._changes[bed] if change.alarm.source.startswith(OF_A_BED))

    async def close(self) -> None:
        await self._writer.close()
        await asyncio.to_thread(self._journal.heal, at_once=True)
        self._journal.close()
        await self._delivery.close()

    async def _ended(self, lives: list[asyncio.Task[None]], *, once: bool) -> None:
        """Return when it is time to end: at `stop`, or (once) when inputs and sinks have nothing left."""
        stopping = asyncio.create_task(self._stop.wait())
        finishing = [asyncio.create_task(self._finished(lives))] if once else []
        done, _ = await asyncio.wait([stopping, *finishing], return_when=asyncio.FIRST_COMPLETED)
        for task in (stopping, *finishing):
            task.cancel()
        for task in done:
            task.result()

    async def _finished(self, lives: list[asyncio.Task[None]]) -> None:
        await asyncio.wait(lives)
        await self._delivery.drain()

    def _publish(self, broker: Broker, journal: Journal) -> "Mqtt":
        from collector.mqtt import Mqtt  # noqa: PLC0415  six megabytes that a bed without a broker does not need

        self._mqtt = Mqtt(
            broker,
            self._config.beds,
            journal,
            self._clock.utc_us,
            lambda condition: self._reporter(condition.bed).tell(condition).as_json(),
        )
        return self._mqtt

    def _reporter(self, bed: str) -> Reporter:
        """What makes the reports of a bed's alarms."""
        if bed not in self._reporters:
            history: Sequence[Condition] = []
            with contextlib.suppress(JournalError):
                history = self._reader.conditions(bed, self._clock.utc_us() - PAST_US, EVER_US)
            self._reporters[bed] = Reporter(bed, history)
        return self._reporters[bed]

    def _seen(self, alarm: Alarm) -> None:
        """A person at the bed has seen it: the broker is told as well."""
        seen = alarm.seen
        if self._mqtt is None or seen is None:
            return

        def report() -> tuple[Condition, Mapping[str, object]] | None:
            found = self._reporter(alarm.bed).see(alarm.device, alarm.alarm.source, alarm.onset_us, seen)
            return None if found is None else (found[0], found[1].as_json())

        self._mqtt.publish_again(report)

    def _append(self, entries: Sequence[Entry], inputs: dict[str, int]) -> "asyncio.Future[int]":
        """What the devices tell now: into the journal, and to who waits for it."""
        now_s, by_bed = self._clock.monotonic(), {self._config.bed.id: entries}
        if self._config.feed is not None:
            by_bed = {
                bed: [entry for entry in entries if bed_of(entry) == bed] for bed in dict.fromkeys(map(bed_of, entries))
            }
        for bed, told in by_bed.items():
            if bed in self._watched:
                self._watched[bed].hear(told, now_s)
        return self._writer.append(entries, inputs)

    def _tell(self, entries: Sequence[Entry], inputs: dict[str, int]) -> "asyncio.Future[int]":
        """What the gateway tells of itself: into the journal, of each bed that it speaks for."""
        bed, *others = self._config.beds
        return self._writer.append(spread(entries, bed, others, OF_A_BED), inputs)

    def _normalizer(self, device: DeviceSection, bed: str) -> Normalizer:
        normalizer = Normalizer(bed=bed, device=device.name, sites=device.sites, demo=self._config.bed.demo)
        if device.parsed_port.scheme != "replay":
            if bed not in self._stored:
                self._remember(bed)
            normalizer.recall(
                (reading for reading in self._stored[bed] if reading.series.device == device.name),
                (change for change in self._changes[bed] if change.device == device.name),
            )
        return normalizer

    def _runner(self, device: DeviceSection) -> Runner:
        bed, feed = self._config.bed.id, self._config.feed
        new = partial(self._normalizer, device)
        live = device.parsed_port.scheme != "replay"
        return Runner(
            name=device.name,
            port=device.port,
            spec=device.spec,
            options=device.spec.options.model_validate(device.options),
            placing=OneBed(new(bed)) if feed is None else ManyBeds(bed, feed.beds, new),
            append=self._append if live else self._writer.append,
            clock=self._clock,
            metrics=self._metrics,
        )

    def _life(self, device: DeviceSection, runner: Runner, inputs: Mapping[str, int]) -> Coroutine[Any, Any, None]:
        port = device.parsed_port
        if port.scheme == "replay":
            start_us = from_datetime(datetime.fromisoformat(port.settings.get("start", RECORDING_START)))
            speed = port.settings.get("speed", "1")
            return runner.replay(
                recording(Path(port.path)),
                start_us,
                math.inf if speed == "max" else float(speed),
                inputs,
            )
        new_source = device.spec.source
        if new_source is not None:
            return runner.follow(partial(new_source, device.spec.options.model_validate(device.options), port), inputs)

        async def connect() -> Transport:
            transport = await open_port(port)
            if device.capture is None:
                return transport
            return CaptureTap(transport, device.capture, device.capture_max_bytes, self._clock.utc_us)

        return runner.run(connect, inputs)

    def _services(self) -> list[Coroutine[Any, Any, None]]:
        config, services = self._config, [self._watch(), self._tend(), self._timekeeper.run(self._tell)]
        if self._is_live:
            services.append(self._report_health())
        if config.timescale is not None:
            services.append(self._first_start(config.timescale.full_dsn))
        if config.certificates:
            services.append(self._show_certificates())
        if config.page is not None:
            services.append(self._page(*config.page.address))
        if config.metrics is not None:
            services.append(self._exposition(*config.metrics.address))
        interval_s = watchdog_s()
        if interval_s is not None:
            services.append(_keep_alive(interval_s))
        return services

    def _page(self, host: str, port: int) -> Coroutine[Any, Any, None]:
        # Five megabytes of a web server and drawings that a bed without a page does not need.
        from charting.page.server import serve  # noqa: PLC0415
        from charting.page.web import app  # noqa: PLC0415

        page = app(
            self._config.bed.id,
            self._config.bed.zone,
            self._reader,
            lambda: [runner.status for runner in self._runners],
            self._bell,
            self._clock.utc_us,
            self._stop,
            {p.refid: p for device in self._config.device for p in device.spec.parameters},
            self._journal.unsaved,
            self._alarms,
            self._latency,
            self._seen,
            self._server_reached,
            self._config.bed.kind,
        )
        return serve(page, host, port, self._stop)

    def _server_reached(self) -> bool | None:
        """None where the bed has no server."""
        found = self._delivery.status().get(READER)
        return None if found is None else found.connected

    def _exposition(self, host: str, port: int) -> Coroutine[Any, Any, None]:
        from charting.page.exposition import metrics_app  # noqa: PLC0415
        from charting.page.server import serve  # noqa: PLC0415

        return serve(metrics_app(self._metrics.text), host, port, self._stop)

    async def _first_start(self, dsn: str) -> None:
        """Make a new database ready. What stands against it is told by the sink, which needs it."""
        with contextlib.suppress(UsageError):
            for text in await asyncio.to_thread(migrate_new, dsn):
                self._log.info("new store", did=text)

    async def _watch(self) -> None:
        """Keep metrics, the gateway's own conditions and the devices' states at the broker up to date."""
        seen_s = self._clock.monotonic()
        while True:
            for name, status in self._delivery.status().items():
                self._metrics.show_sink(name, status)
            of_journal = await asyncio.to_thread(self._look_at_journal)
            devices, sinks = [runner.status for runner in self._runners], self._delivery.status()
            now_us, now_s = self._clock.utc_us(), self._clock.monotonic()
            of_links, of_strays = self._links.look(devices, now_us), strays(self._technical, devices)
            of_signals = [
                change for watched in self._watched.values() for change in watched.look(devices, sinks, now_us, now_s)
            ]
            changes = [*of_journal, *of_links, *of_strays, *of_signals]
            if changes:
                await self._tell(changes, {})
            if self._clock.monotonic() - seen_s >= SEEN_S:
                seen_s = self._clock.monotonic()
                await asyncio.to_thread(self._journal.go_on)
            if self._mqtt is not None:
                self._mqtt.show([runner.status for runner in self._runners])
            await self._show_alarms()
            await asyncio.sleep(WATCH_S)

    def _look_at_journal(self) -> Sequence[Condition]:
        """Its metrics, and the changes of its conditions. A file that cannot be read is `_tend`'s to mend."""
        self._metrics.show_disk(*disk(self._config.journal.path))
        with contextlib.suppress(JournalError):
            self._metrics.show_journal(self._journal, self._clock.utc_us())
        with contextlib.suppress(JournalError):
            changes = self._journal_watch.look(self._clock.monotonic())
            self._metrics.nearly_full.set(self._journal_watch.is_nearly_full)
            return changes
        return ()

    async def _show_alarms(self) -> None:
        """Those that stand, in the metrics. A device that has none has 0 of each priority, where its link is up.

        While the journal cannot be read nobody knows: then there are no numbers.
        """
        devices = [runner.status for runner in self._runners]
        try:
            found = await asyncio.to_thread(self._alarms.follow, devices, self._clock.utc_us())
        except JournalError:
            self._metrics.show_alarms({})
            return
        own = devices if self._config.feed is None else ()  # a feed's alarms stand at its beds
        heard = [GATEWAY, *(device.device for device in own if device.state is DeviceState.RECEIVING)]
        counts = {(name, priority, Presence.PRESENT.value): 0 for name in heard for priority in Priority}
        for one in found.standing:
            key = one.device, one.alarm.priority, one.presence.value
            counts[key] = counts.get(key, 0) + 1
        self._metrics.show_alarms(counts)

    async def _show_certificates(self) -> None:
        while True:
            self._metrics.show_certificates(await asyncio.to_thread(certificates.expiries, self._config.certificates))
            await asyncio.sleep(certificates.EVERY_S)

    async def _report_health(self) -> None:
        while True:
            state, devices = await asyncio.to_thread(self._health), [runner.status for runner in self._runners]
            await self._writer.append(self._reports.report(state, devices, self._clock.utc_us()), {})
            await asyncio.sleep(EVERY_S)

    async def _tend(self) -> None:
        """Keep journal and sinks going; apart from `_watch`, for mending a large file takes its time."""
        while True:
            await self._delivery.tend()
            await asyncio.sleep(WATCH_S)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


async def _keep_alive(interval_s: float) -> None:
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(interval_s)
