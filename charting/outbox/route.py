"""The way to one destination: what is due leaves in order, one parcel at a time."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from charting.apart import unforeseen
from charting.metrics import Metrics
from charting.outbox.http import HttpWire
from charting.outbox.mllp import MllpWire
from charting.outbox.pace import LONGEST_S, pause_s
from charting.outbox.parcel import Parcel, Sent
from charting.outbox.post import Line, Post
from charting.outbox.wire import Address, Answered, Away, Outcome, Refused, Unanswered, Wire
from collector.errors import VitalsdError
from collector.logs import Link, logger

AT_ONCE = 200
"""Parcels that are looked for in one go."""
RECORD_S = 1.0
"""How long to wait for a database that cannot keep what was answered."""

_RESULTS = {Answered: "answered", Refused: "refused", Unanswered: "unanswered", Away: "away"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a destination was at the last attempt, and since when it has been so; `why` it was not up."""

    up: bool
    since_us: int
    why: str = ""


class Route:
    """`run` sends what is due and ends; `stop` ends it after the parcel that is under way."""

    def __init__(
        self,
        name: str,
        post: Post,
        find: Callable[[str], Address | None],
        now_us: Callable[[], int],
        heeded: Collection[str],
        news: Callable[[], None],
        metrics: Metrics,
    ) -> None:
        """`heeded`: kinds whose answers somebody waits for; `news` is called when there is one."""
        self._name = name
        self._post = post
        self._find = find
        self._now_us = now_us
        self._heeded = heeded
        self._news = news
        self._metrics = metrics
        self._label = group(name)
        log = logger(destination=self._label)
        self._link = Link(log, "destination")
        self._keeping = Link(log, "outbox")
        self._wire: Wire | None = None
        self._address: Address | None = None
        self._failures = 0
        self._hurried = asyncio.Event()
        self.standing: Standing | None = None

    def hurry(self) -> None:
        """The pause that there is ends. In the loop's thread."""
        self._hurried.set()

    async def run(self, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set():
                wire = await self._found()
                due = await asyncio.to_thread(self._post.due, self._name, AT_ONCE) if wire is not None else ()
                if wire is None or not due:
                    return
                await self._carry(wire, due, stop)
        except VitalsdError as error:
            self._keeping.lost(str(error))
            await wait(stop, RECORD_S)
        except Exception as error:  # noqa: BLE001  what nobody foresaw at one destination must not end the others
            self._failures += 1
            self._link.lost(unforeseen(error))
            await self._pause(pause_s(self._failures), stop)

    async def close(self) -> None:
        wire, self._wire, self._address = self._wire, None, None
        if wire is not None:
            await wire.close()

    async def _found(self) -> Wire | None:
        address = await asyncio.to_thread(self._find, self._name)
        if address != self._address:
            await self.close()
            self._address = address
            self._wire = None if address is None else self._made(address)
        return self._wire

    def _made(self, address: Address) -> Wire:
        if address.url.startswith("mllp"):
            return MllpWire(address, self._metrics.answers_ignored.labels(self._label).inc)
        return HttpWire(address)

    async def _carry(self, wire: Wire, due: Sequence[Line], stop: asyncio.Event) -> None:
        """As long as they are answered; of a lane in which one was refused no more."""
        held: set[str] = set()
        for line in due:
            if stop.is_set():
                return
            sent = await asyncio.to_thread(self._post.begin, line.key) if line.lane not in held else None
            if sent is None:
                continue
            self._hurried.clear()
            begun_s = time.monotonic()
            outcome = await _sent(wire, sent.parcel)
            self._tell(outcome, time.monotonic() - begun_s)
            await self._keep(sent, outcome, stop)
            if isinstance(outcome, Unanswered | Away):
                await self._pause(max(pause_s(self._failures), min(_asked_s(outcome), LONGEST_S)), stop)
                return
            if isinstance(outcome, Refused):
                held |= {line.lane} - {""}
            elif sent.parcel.kind in self._heeded:
                self._news()

    async def _keep(self, sent: Sent, outcome: Outcome, stop: asyncio.Event) -> None:
        """What became of it. Until that is kept nothing else leaves; after a kill the same bytes leave again."""
        key, kind = sent.parcel.key, sent.parcel.kind
        match outcome:
            case Answered(answer=answer):
                kept = partial(self._post.answer, key, answer, told=kind not in self._heeded)
            case Refused(reason=reason, answer=answer):
                kept = partial(self._post.park, key, reason, answer)
            case Unanswered(reason=reason, after_s=after_s):
                wait_s = max(pause_s(sent.attempts), after_s)
                kept = partial(self._post.again, key, self._now_us() + round(wait_s * 1e6), reason)
            case Away(reason=reason):
                kept = partial(self._post.again, key, self._now_us(), reason)
        while True:
            try:
                await asyncio.to_thread(kept)
            except VitalsdError as error:
                self._keeping.lost(str(error))
                if stop.is_set():
                    return
                await wait(stop, RECORD_S)
            else:
                self._keeping.good()
                return

    def _tell(self, outcome: Outcome, seconds: float) -> None:
        self._metrics.parcel_attempts.labels(self._label, _RESULTS[type(outcome)]).inc()
        now_us = self._now_us()
        if isinstance(outcome, Answered | Refused):
            self._failures = 0
            self._link.good()
            self._metrics.parcel_answer.labels(self._label).observe(seconds)
            self._metrics.parcel_answered.labels(self._label).set(now_us / 1e6)
            if self.standing is None or not self.standing.up:
                self.standing = Standing(up=True, since_us=now_us)
        else:
            self._failures += 1
            self._link.lost(outcome.reason)
            since_us = now_us if self.standing is None or self.standing.up else self.standing.since_us
            self.standing = Standing(up=False, since_us=since_us, why=outcome.reason)

    async def _pause(self, seconds: float, stop: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                waits = [asyncio.ensure_future(each.wait()) for each in (stop, self._hurried)]
                try:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for each in waits:
                        each.cancel()


def group(name: str) -> str:
    """How metrics and logs call a destination: one that is made at run time (KIND:ID) by its kind."""
    return name.partition(":")[0]


async def wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _sent(wire: Wire, parcel: Parcel) -> Outcome:
    try:
        return await wire.send(parcel)
    except Exception as error:  # noqa: BLE001  one parcel that nobody foresaw must not hold up all other lanes
        return Unanswered(reason=unforeseen(error))


def _asked_s(outcome: Unanswered | Away) -> float:
    return outcome.after_s if isinstance(outcome, Unanswered) else 0.0
