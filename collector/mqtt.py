"""The sink into an MQTT broker: the journal's second durable reader. What it publishes: collector/mqtt_messages.py."""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeVar

from collector import __version__
from collector.bell import Bell
from collector.broker import Broker
from collector.errors import DiskError, JournalError
from collector.journal.journal import Journal
from collector.journal.ranges import Ranges
from collector.journal.rows import Row, condition_of, reading_of
from collector.logs import Link, logger
from collector.model import Condition, Reading
from collector.mqtt_client import Client
from collector.mqtt_messages import (
    READER,
    Message,
    fresh,
    of_condition,
    of_device,
    of_reading,
    offline,
    online,
)
from collector.status import DeviceStatus, SinkStatus

BATCH = 1_000
"""Entries read from the journal at once."""

PACE_S = 0.1
"""The journal is not read more often: a bed commits many times a second, and each reading takes a few milliseconds."""

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
"""Back-off between attempts: a broker that restarts is found soon, one that is gone for days is not pestered."""

TELL_EVERY_S = 1.0
"""How often the journal is told what the broker has."""

ACK_S = 10.0
"""A broker that has not acknowledged a message for so long is taken for lost."""

_CLOSE_S = 1.5
"""A broker that answers no more does not keep the daemon from ending within 2 s."""


AGAIN = 64
"""Conditions that wait to be published anew: a person marks few while a broker is away."""

T = TypeVar("T")
Report = Callable[[Condition], Mapping[str, object]]
Again = Callable[[], tuple[Condition, Mapping[str, object]] | None]


class Mqtt:
    """Publishes a journal in the running loop. Only `wake` may be called from other threads.

    beds: those that the daemon tells of, its own id first. report: the PCD-04 shape of a condition, asked for in the
    order of the journal; None: there is none. It raises ValueError for a time that has no date.
    """

    def __init__(
        self,
        broker: Broker,
        beds: Sequence[str],
        journal: Journal,
        utc_us: Callable[[], int],
        report: Report | None = None,
    ) -> None:
        self._broker = broker
        self._beds = beds
        self._bed = beds[0]
        self._journal = journal
        self._utc_us = utc_us
        self._report = report
        self._again: deque[Again] = deque(maxlen=AGAIN)
        self._log = logger(sink=READER)
        self._reader = journal.reader()
        self._news = Bell()
        self._progress = Bell()
        self._stop = asyncio.Event()
        self._draining = 0
        self._settled = 0
        self._has = self._told = self._reader.readers().get(READER, Ranges()).last
        self._tip = self._reader.tip
        self._tell_s = 0.0
        self._flight: deque[_Sent] = deque()
        self._states: dict[str, Message] = {}
        self._new_states: dict[str, Message] = {}
        self._shown: dict[str, object] = {}
        self._connected = False
        self._error = ""
        self._link = Link(self._log, "broker")
        self._counts = {"delivered": 0, "parked": 0, "skipped": 0}
        self._task = asyncio.create_task(self._run(), name=READER)

    @property
    def status(self) -> SinkStatus:
        return SinkStatus(
            connected=self._connected,
            error=self._error,
            pending=max(0, self._tip - self._has),
            delivered=self._counts["delivered"],
            parked=self._counts["parked"],
            skipped=self._counts["skipped"],
        )

    def wake(self) -> None:
        """There is something new in the journal. Any thread may call."""
        self._news.ring()

    def show(self, devices: Sequence[DeviceStatus]) -> None:
        """These are the devices' states now; those that are new are published."""
        for device in devices:
            life = device.state, device.since_us, device.cause, device.manufacturer, device.model
            if self._shown.get(device.device) != life:
                self._shown[device.device] = life
                message = of_device(self._broker.prefix, self._bed, device)
                self._states[message.topic] = self._new_states[message.topic] = message
                self._news.ring()

    def publish_again(self, again: Again) -> None:
        """Once all that the journal has is published, publish a condition anew with another report, if it gives one."""
        self._again.append(again)
        self._news.ring()

    async def drain(self) -> None:
        """Return when the broker has all that the journal had at the call and is worth publishing, or at `close`."""
        tip = await asyncio.to_thread(lambda: self._reader.tip)
        self._draining += 1
        self._news.ring()
        while self._settled < tip and not self._stop.is_set():
            await self._progress.wait(self._progress.rung)
        self._draining -= 1

    async def close(self) -> None:
        """Take leave of the broker, within 2 s whatever it does, and tell the journal what it has."""
        self._stop.set()
        self._news.ring()
        self._progress.ring()
        await asyncio.wait([self._task], timeout=_CLOSE_S if self._connected else 0)
        self._task.cancel()
        await asyncio.wait([self._task])
        with contextlib.suppress(JournalError):  # what it is not told comes again
            await asyncio.to_thread(self._keep, self._has)
        self._reader.close()

    async def _run(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stop.is_set():
            try:
                await self._attempt()
            except Exception as error:  # noqa: BLE001  whatever it is, the backlog waits and is tried again
                wait_s = FIRST_WAIT_S if self._connected else min(wait_s * 2, LONGEST_WAIT_S)
                self._failed(error)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s * random.uniform(0.8, 1.2)):  # noqa: S311  spreads retries
                        await self._stop.wait()

    async def _attempt(self) -> None:
        """One connection: publish until it is lost or the sink is closed."""
        await self._pass_over()
        self._flight.clear()
        self._new_states = dict(self._states)
        prefix = self._broker.prefix
        # Always the same name: before it greets, the broker then ends an old connection that it still believes in.
        client = Client(self._broker, f"{prefix}-{self._bed}", offline(prefix, self._bed))
        try:
            async with client, asyncio.TaskGroup() as group:
                listening = group.create_task(client.lost())
                await self._serve(client)
                listening.cancel()
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _pass_over(self) -> None:
        """Forget what has become too old while no broker was there, so that the journal need not keep it."""
        while not self._stop.is_set():
            after = self._has
            entries, last = await asyncio.to_thread(self._next, after)
            now_us = self._utc_us()
            for seq, entry in entries:
                if entry is None:
                    self._tell_damaged()
                elif fresh(entry.time_us, now_us):
                    last = seq - 1
                    break
                self._counts["skipped"] += 1
                self._has = seq
            self._has = last
            await self._tell()
            if last == after or last >= self._tip or (entries and last < entries[-1][0]):
                return

    async def _serve(self, client: Client) -> None:
        """Publish until the sink is closed: the states of devices that are new, then a batch of the backlog."""
        owed = await asyncio.to_thread(self._retained)
        await self._send(client, online(self._broker.prefix, self._bed, __version__, self._utc_us()))
        await self._land_all()
        self._recovered()
        after = self._has
        while not self._stop.is_set():
            heard = self._news.rung
            while self._new_states:
                await self._send(client, self._new_states.pop(next(iter(self._new_states))))
            entries, last = await asyncio.to_thread(self._next, after)
            for seq, entry in entries:
                message = self._message(entry)
                if message is None:
                    self._pass(seq, skipped=True)
                else:
                    owed.pop(message.topic, None)
                    await self._send(client, message, seq)
            self._pass(last)
            idle = last == after
            after = last
            if idle:
                for due in owed.values():
                    message = self._of_condition(due) if isinstance(due, Condition) else due
                    await self._send(client, message)
                owed.clear()
                while self._again:
                    found = self._again.popleft()()
                    if found is not None:
                        await self._send(client, of_condition(self._broker.prefix, *found))
                await self._land_all()
            await self._tell()
            if idle:
                self._settled = after
                self._progress.ring()
                await self._rest(heard)
        await self._land_all()
        await self._send(client, offline(self._broker.prefix, self._bed))
        await self._land_all()

    async def _rest(self, heard: int) -> None:
        """Return when there is news, or something is to be told."""
        if not (self._draining or self._stop.is_set()):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PACE_S):
                    await self._stop.wait()
        due_s = None if self._told == self._has else max(0.0, self._tell_s - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(due_s):
                await self._news.wait(heard)

    def _next(self, after: int) -> tuple[list[tuple[int, Reading | Condition | None]], int]:
        """What may be published after a sequence number, None for a damaged row, and up to where there is no more."""
        self._tip = self._reader.tip
        batch = self._reader.batch(after, self._tip, BATCH)
        found: list[tuple[int, Reading | Condition | None]] = [
            (seq, _sound(self._reading, (channel, time_us, *row))) for seq, channel, time_us, _, *row in batch.readings
        ]
        found += ((seq, _sound(condition_of, tuple(row))) for seq, *row in batch.conditions)
        return sorted(found, key=itemgetter(0)), batch.last

    def _reading(self, row: Row) -> Reading:
        """From channel, time, value, text, quality, demo. Raises ValueError for a damaged one."""
        return reading_of(self._reader.series(row[0]), row[1:])

    def _retained(self) -> dict[str, Message | Condition]:
        """What should stand at the broker of what has been published, by topic: the broker may have lost or missed it.

        Of a condition the report is made when it is its turn: after what the backlog has.
        """
        readings = [_sound(self._reading, row) for row in self._reader.latest_since(0, self._has)]
        messages = [self._message(reading) for reading in readings if reading is not None]
        owed: dict[str, Message | Condition] = {message.topic: message for message in messages if message is not None}
        conditions = [_sound(condition_of, row) for bed in self._beds for row in self._reader.last_conditions(bed)]
        for condition in (condition for condition in conditions if condition is not None):
            with contextlib.suppress(ValueError, OverflowError):
                owed[of_condition(self._broker.prefix, condition).topic] = condition
        return owed

    def _message(self, entry: Reading | Condition | None) -> Message | None:
        """None for what is damaged, too old, or of a time that has no date."""
        now_us = self._utc_us()
        try:
            match entry:
                case Reading():
                    return of_reading(self._broker.prefix, entry, now_us)
                case Condition() if fresh(entry.time_us, now_us):
                    return self._of_condition(entry)
                case None:
                    self._tell_damaged()
        except (ValueError, OverflowError):
            self._log.warning("an entry is not published: it has no date")
        return None

    def _of_condition(self, condition: Condition) -> Message:
        pcd04 = None if self._report is None else self._report(condition)
        return of_condition(self._broker.prefix, condition, pcd04)

    def _tell_damaged(self) -> None:
        self._log.warning("an entry is not published: it is damaged")

    async def _send(self, client: Client, message: Message, seq: int | None = None) -> None:
        """Publish as soon as the window has room. With `seq` it is an entry: all up to it is done with its answer."""
        while len(self._flight) >= client.window:
            await self._land()
        try:
            ack = client.send(message)
        except ValueError:
            self._log.warning("an entry is not published: its names are too long for a topic")
            self._pass(seq or 0, skipped=seq is not None)
            return
        through = seq or (self._flight[-1].through if self._flight else self._has)
        self._flight.append(_Sent(ack=ack, through=through, entries=int(seq is not None)))

    def _pass(self, seq: int, *, skipped: bool = False) -> None:
        """Everything up to `seq` is done as soon as what is under way is."""
        if self._flight:
            last = self._flight[-1]
            last.through = max(last.through, seq)
            last.skipped += skipped
        else:
            self._has = max(self._has, seq)
            self._counts["skipped"] += skipped

    async def _land_all(self) -> None:
        while self._flight:
            await self._land()

    async def _land(self) -> None:
        """Wait for the broker to answer the oldest message under way; take the answers that are there."""
        try:
            async with asyncio.timeout(ACK_S):
                await self._flight[0].ack
        except TimeoutError:
            raise TimeoutError(f"a message has not been acknowledged within {ACK_S:.0f} s") from None
        while self._flight and self._flight[0].ack.done():
            sent = self._flight.popleft()
            refusal = sent.ack.result()
            if refusal and not self._counts["parked"]:
                self._log.warning("the broker refuses messages", reason=refusal)
            self._counts["parked" if refusal else "delivered"] += sent.entries
            self._counts["skipped"] += sent.skipped
            self._has = max(self._has, sent.through)

    async def _tell(self) -> None:
        """Tell the journal what the broker has, if it is time."""
        if self._told != self._has and (self._draining or time.monotonic() >= self._tell_s):
            await asyncio.to_thread(self._keep, self._has)
            self._tell_s = time.monotonic() + TELL_EVERY_S

    def _keep(self, has: int) -> None:
        if self._told != has:
            with contextlib.suppress(DiskError):  # what it is not told comes again after a restart
                self._journal.done(READER, Ranges.of((1, has)))
            self._told = has

    def _failed(self, error: Exception) -> None:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        self._link.lost(reason)
        self._connected, self._error = False, reason

    def _recovered(self) -> None:
        self._link.good()
        self._connected, self._error = True, ""


def _sound(made: Callable[[Row], T], row: Row) -> T | None:
    """What is made of a row of the journal; None where it is damaged."""
    try:
        return made(row)
    except (ValueError, TypeError):
        return None


@dataclass(slots=True, kw_only=True)
class _Sent:
    """A message under way. With its answer everything up to `through` is done, its own entry and `skipped` ones."""

    ack: "asyncio.Future[str]"
    through: int
    entries: int
    skipped: int = 0
