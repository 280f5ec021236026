"""One device's life: connect, talk, count, tell its state, back off, and begin again for ever."""

import asyncio
import contextlib
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Protocol

from collector.clock import MachineClock, RecordingClock, Step, rfc3339
from collector.driver import DriverSpec
from collector.errors import JournalError, LinkError
from collector.metrics import Metrics
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    Association,
    AssociationState,
    Entry,
    Event,
    Frame,
    Rejected,
)
from collector.placing import Placing
from collector.recording import Recording
from collector.session import Session, Source
from collector.status import DeviceStatus
from collector.taken import Taken
from collector.tally import ClosedError, Tally
from collector.transport.base import Transport

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 5.0
"""Back-off between attempts: a replugged device is heard within 10 s (design §7), its association included."""

FAREWELL_S = 1.0
"""How long a device is given to answer the protocol's farewell when the daemon stops."""


LOOK_S = 0.001
"""After a wait that brought nothing, what came while this process itself stood still may be there."""

MOST_UNCOMMITTED = 20_000
"""Entries that wait for the disk before the device waits too: minutes of 60 values/s and 8 waves, some 10 MiB."""


LOCATION = "location"
"""Why a frame is rejected that speaks of another patient than this bed's."""


class Append(Protocol):
    """Keeps entries in the order of the calls; what it returns is done when they are durable.

    `inputs`: how many frames of each recording they come from.
    """

    def __call__(self, entries: Sequence[Entry], inputs: dict[str, int]) -> Awaitable[object]: ...


class Runner:
    """Owns one device. `run` and `replay` are its two lives; nothing that a driver does escapes them."""

    def __init__(
        self,
        *,
        name: str,
        port: str,
        spec: DriverSpec,
        options: object,
        placing: Placing,
        append: Append,
        clock: MachineClock,
        metrics: Metrics,
    ) -> None:
        self._name = name
        self._spec = spec
        self._options = options
        self._silence_s = spec.silence_of(options)
        self._placing = placing
        self._append = append
        self._clock = clock
        self._tally = Tally(device=name, driver=spec.name, port=port, clock=clock, metrics=metrics)
        self._arrival_us = 0
        self._replaying = False
        self._taken = Taken(name, {})
        self._commits: deque[asyncio.Future[object]] = deque()
        self._uncommitted = 0

    @property
    def status(self) -> DeviceStatus:
        return self._tally.status

    async def run(self, connect: Callable[[], Awaitable[Transport]], inputs: Mapping[str, int]) -> None:
        """Keep the device connected until cancelled; then what has been heard is durable.

        inputs: what the journal has of acknowledged messages.
        """

        async def once() -> None:
            transport = await connect()
            try:
                await self._talk(transport)
            finally:
                await transport.close()

        await self._run(once, inputs)

    async def follow(self, new_source: Callable[[Sequence[AlarmCondition]], Source], inputs: Mapping[str, int]) -> None:
        """As `run`, of a library that owns its socket."""

        async def once() -> None:
            source = new_source(self._placing.standing)
            try:
                await self._hear(source)
            finally:
                await source.close()

        await self._run(once, inputs)

    async def _run(self, once: Callable[[], Awaitable[None]], inputs: Mapping[str, int]) -> None:
        self._taken = Taken(self._name, inputs)
        try:
            await self._live(once)
        finally:
            for result in await asyncio.gather(*self._commits, return_exceptions=True):
                if isinstance(result, Exception):
                    raise JournalError(f"{self._name}: {result}") from result

    async def _live(self, once: Callable[[], Awaitable[None]]) -> None:
        wait_s = FIRST_WAIT_S
        self._tally.connecting()
        while True:
            before = self.status.frames
            try:
                await once()
            except LinkError as error:
                self._tally.lost(error)
            except JournalError:
                raise
            except Exception as error:  # noqa: BLE001  a driver's fault stops this device for a moment, and no other
                self._tally.failed("driver failed; the device starts anew", error)
                self._tally.starts_anew()
            if self.status.frames > before:
                wait_s = FIRST_WAIT_S
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))  # noqa: S311  spreads retries
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def replay(self, recording: Recording, start_us: int, speed: float, inputs: Mapping[str, int]) -> None:
        """Read a recording from its beginning; store only what comes after the frames that `inputs` tells of it."""
        key = f"{self._name} {recording.path} {rfc3339(start_us)}"
        done_frames = inputs.get(key, 0)
        session = self._spec.dialogue(self._options, recording.datagrams)
        self._placing.connected()
        clock = RecordingClock(start_us)
        self._replaying = True
        self._tally.replaying()
        frames = 0
        for events in _heard(session, recording):
            entries: list[Entry] = []
            for frame in _frames(events):
                if isinstance(frame[0], Frame):
                    frames += 1
                    clock.tick(frame[0].tick_us)
                    if frames <= done_frames + 1:
                        began_s, began_us = self._clock.monotonic(), clock.utc_us
                    elif math.isfinite(speed):
                        due_s = (clock.utc_us - began_us) / 1e6 / speed - (self._clock.monotonic() - began_s)
                        if due_s > 0:
                            await self._append(entries, {key: frames - 1})
                            entries = []
                            await asyncio.sleep(due_s)
                for event in self._heeded(frame):
                    self._tally.count(event, clock.utc_us, told=True)
                stored = self._stored(frame, clock.utc_us)
                if frames > done_frames:
                    entries.extend(stored)
            if frames > done_frames:
                await self._append(entries, {key: frames})
        self._tally.replayed()

    def stepped(self, step: Step) -> None:
        """Our clock was set: what comes now has the new time at once; a recording keeps its own."""
        self._tally.stepped(step)
        if self._replaying:
            return
        self._arrival_us = 0
        self._placing.stepped(step.size_us)
        if self.status.clock_offset_s is not None:
            self._tally.offset(self.status.clock_offset_s - step.size_us / 1e6)

    async def _talk(self, transport: Transport) -> None:
        """One connection, until it ends, falls silent or fails."""
        session = self._spec.dialogue(self._options, transport.datagrams, self._placing.standing)
        self._connected()
        heard_s = self._clock.monotonic()
        bytes_s = -math.inf
        try:
            while True:
                frames = self.status.frames
                due_s = session.deadline()
                until_s = min(heard_s + self._silence_s, math.inf if due_s is None else due_s)
                data = await self._read(transport, until_s - self._clock.monotonic())
                if data is None:
                    data = await self._read(transport, LOOK_S)
                now_s = self._clock.monotonic()
                if data == b"":
                    raise ClosedError("the other side closed the connection")
                if data is not None:
                    bytes_s = now_s
                    await self._take(session.receive(data, now_s))
                due_s = session.deadline()
                if due_s is not None and due_s <= now_s:
                    await self._take(session.expire(now_s))
                await self._send(session, transport)
                await asyncio.sleep(0)  # a flood leaves the others their turn
                if self.status.frames > frames:
                    heard_s = now_s
                elif now_s - heard_s >= self._silence_s:
                    await self._take(session.finish())
                    self._tally.silent(bytes_come=now_s - bytes_s < self._silence_s / 2)
                    return
        except LinkError:
            await self._take(session.finish())
            raise
        except asyncio.CancelledError:
            await self._farewell(session, transport)
            raise

    async def _hear(self, source: Source) -> None:
        """One dialogue of a library's, until it ends, falls silent or fails."""
        await source.open()
        self._connected()
        heard_s = self._clock.monotonic()
        told = aiter(source)
        while True:
            frames = self.status.frames
            try:
                async with asyncio.timeout(max(0.0, heard_s + self._silence_s - self._clock.monotonic())):
                    events = await anext(told)
            except TimeoutError:
                self._tally.silent(bytes_come=False)
                return
            except StopAsyncIteration:
                raise ClosedError("the other side ended the dialogue") from None
            await self._take(events)
            if self.status.frames > frames:
                heard_s = self._clock.monotonic()

    def _connected(self) -> None:
        self._placing.connected()
        self._tally.connected(self._placing.unknown)

    async def _read(self, transport: Transport, wait_s: float) -> bytes | None:
        try:
            async with asyncio.timeout(max(0.0, wait_s)):
                return await transport.read()
        except TimeoutError:
            return None

    async def _take(self, events: Sequence[Event]) -> None:
        if not events:
            return
        self._arrival_us = max(self._clock.utc_us(), self._arrival_us)
        entries: list[Entry] = []
        new: list[int] = []
        for frame in _frames(events):
            head = frame[0]
            digest = head.digest if isinstance(head, Frame) else None
            if isinstance(head, Frame):
                self._arrival_us += 1  # two frames of one read are two instants
            for event in self._heeded(frame):
                self._tally.count(event, self._arrival_us, told=isinstance(head, Frame))
            if digest is not None and (digest in self._taken or digest in new):
                self._tally.repeated()
                entries.extend(self._stored(self._ends(frame), self._arrival_us))
                continue
            stored = self._stored(frame, self._arrival_us)
            entries.extend(stored)
            if digest is not None and stored:
                new.append(digest)
        if entries:
            await self._keep(entries, self._taken.positions(new))
            self._taken.add(new)  # not before: what could not be kept is new when it comes again

    def _heeded(self, frame: Sequence[Event]) -> Sequence[Event]:
        """What is to be counted of a frame: of one that is of another patient, that it was rejected."""
        head = frame[0]
        known = len(self._placing.unknown)
        stranger = isinstance(head, Frame) and self._placing.of(head.location) is None
        if len(self._placing.unknown) > known:
            self._tally.strayed(self._placing.unknown)
        if stranger and isinstance(head, Frame):
            return [Rejected(offset=head.offset, length=head.length, reason=LOCATION)]
        return frame

    def _stored(self, frame: Sequence[Event], arrival_us: int) -> Sequence[Entry]:
        """What is to be stored of a frame, at the bed that it speaks of."""
        head = frame[0]
        normalizer = self._placing.of(head.location if isinstance(head, Frame) else "")
        if normalizer is None:
            return ()
        repeats = normalizer.repeats
        entries = normalizer.entries(frame, arrival_us)
        self._tally.repeated(normalizer.repeats - repeats)
        return entries

    def _ends(self, frame: Sequence[Event]) -> Sequence[Event]:
        """What is new in a message that was taken before, and came again because its acknowledgement was lost.

        That it came ends alarms of which nothing was heard for too long; a session tells that but once.
        """
        head = frame[0]
        normalizer = self._placing.of(head.location) if isinstance(head, Frame) else None
        standing = {alarm.source for alarm in normalizer.standing} if normalizer else ()
        ends = (e for e in frame if isinstance(e, AlarmCondition) and e.phase is AlarmPhase.END)
        return [head, *(end for end in ends if end.source in standing)]

    async def _keep(self, entries: Sequence[Entry], inputs: dict[str, int]) -> None:
        """Does not wait for the disk, which may hold a commit for seconds: what comes meanwhile has its own arrival.

        What is acknowledged waits for it.
        """
        commit = asyncio.ensure_future(self._append(entries, inputs))
        commit.add_done_callback(lambda _: self._waits(-len(entries)))
        self._commits.append(commit)
        self._waits(len(entries))
        await self._committed(all_of_them=self._spec.durable_first)

    async def _committed(self, *, all_of_them: bool) -> None:
        """Wait for as many commits as must be durable before this device goes on. Raises JournalError."""
        while self._commits and (all_of_them or self._commits[0].done() or self._uncommitted > MOST_UNCOMMITTED):
            await asyncio.wait([self._commits[0]])  # cancelled here, it stays for `run` to ask how it ended
            self._commits.popleft().result()

    def _waits(self, more: int) -> None:
        self._uncommitted += more
        self._tally.waits(self._uncommitted)

    async def _send(self, session: Session, transport: Transport) -> bool:
        """Send what the session has to say; return whether it had anything."""
        sent = False
        while data := session.outgoing():
            await transport.write(data)
            sent = True
        return sent

    async def _farewell(self, session: Session, transport: Transport) -> None:
        try:
            await self._committed(all_of_them=self._spec.durable_first)  # what the session would send says that it is
            with contextlib.suppress(TimeoutError, LinkError):
                async with asyncio.timeout(FAREWELL_S):
                    await self._send(session, transport)
                    session.close(self._clock.monotonic())
                    ended = not await self._send(session, transport)
                    while not ended:
                        data = await transport.read()
                        if not data:
                            break
                        events = session.receive(data, self._clock.monotonic())
                        await self._take(events)
                        ended = any(isinstance(e, Association) and e.state is AssociationState.ENDED for e in events)
            await self._take(session.finish())
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001  a driver's fault must not keep the daemon from stopping
            self._tally.failed("driver failed at its farewell", error)


def _heard(session: Session, recording: Recording) -> Iterator[Sequence[Event]]:
    """What a session says of each chunk, and of what it still holds at the end."""
    for chunk in recording.chunks():
        yield session.receive(chunk, 0.0)
    yield session.finish()


def _frames(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Events by the frame that they begin with; what comes before the first one by itself."""
    frame: list[Event] = []
    for event in events:
        if isinstance(event, Frame) and frame:
            yield frame
            frame = []
        frame.append(event)
    if frame:
        yield frame
