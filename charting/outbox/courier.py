"""Carries what is in the outbox to its destinations, all side by side: one that is away delays no other."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from charting.apart import unforeseen
from charting.metrics import Metrics
from charting.outbox.parcel import Sent
from charting.outbox.post import Post, Queue
from charting.outbox.route import Route, Standing, group
from charting.outbox.wire import Address, Places
from collector.errors import VitalsdError
from collector.logs import Link, logger

LOOK_S = 1.0
"""How often the outbox is looked at, when nobody tells of anything new."""
STOP_S = 5.0
"""So long an answer is waited for when the service ends; what has none leaves again after the next start."""
KEPT_US = 90 * 86_400 * 1_000_000
"""What has been done with is kept for so long (Post.forget)."""
SHOW_US = 10_000_000
"""How often what is open is counted: where much is, that takes a moment."""
FORGET_US = 3_600_000_000
TOLD_AT_ONCE = 20

Hook = Callable[[Sent], None]


class Courier:
    """`places`: who may know where a destination is, in turn. `on_answer`: by kind, who waits for an answer.

    A hook is called in a thread after the answer is kept, at least once: after a kill, and until it returns without an
    error, again. It raises VitalsdError for what it cannot keep now.
    """

    def __init__(
        self,
        post: Post,
        places: Sequence[Places],
        now_us: Callable[[], int],
        *,
        names: Sequence[str] = (),
        on_answer: Mapping[str, Hook] | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """`names`: the destinations that are always there, for the metrics."""
        self._post = post
        self._places = places
        self._now_us = now_us
        self._names = names
        self._on_answer = on_answer or {}
        self._metrics = metrics or Metrics()
        self._routes: dict[str, Route] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._forgot_us = self._shown_us = 0
        self._unheeded: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._log = logger(part="outbox")
        self._keeping = Link(self._log, "outbox")

    @property
    def standing(self) -> Mapping[str, Standing]:
        """By destination; one to which nothing was sent since the start is not there."""
        return {name: route.standing for name, route in self._routes.items() if route.standing is not None}

    def to(self, name: str) -> Address | None:
        """Where a destination is now; None: nobody knows it, and what is for it waits."""
        return next((found for find in self._places if (found := find(name)) is not None), None)

    def hurry(self, name: str) -> None:
        """A person asks: the pause that there is ends. Any thread may call."""
        if self._loop is not None and name in self._routes:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._routes[name].hurry)

    async def run(self, stop: asyncio.Event) -> None:
        self._loop = loop = asyncio.get_running_loop()

        def tell() -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._news.set)

        self._post.listen(tell)
        ending = asyncio.ensure_future(stop.wait())
        while not stop.is_set():
            self._news.clear()
            await self._look(stop)
            coming = asyncio.ensure_future(self._news.wait())
            await asyncio.wait((ending, coming), timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            coming.cancel()
        await self._end()

    async def _look(self, stop: asyncio.Event) -> None:
        now_us = self._now_us()
        try:
            late = await asyncio.to_thread(self._post.expire)
            ready = await asyncio.to_thread(self._post.ready)
            await self._heed()
            if now_us - self._shown_us >= SHOW_US:
                self._shown_us = now_us
                self._metrics.show_parcels(self._by_group(await asyncio.to_thread(self._post.queues)), now_us)
            if now_us - self._forgot_us >= FORGET_US:
                self._forgot_us = now_us
                await asyncio.to_thread(self._post.forget, now_us - KEPT_US)
        except VitalsdError as error:
            self._keeping.lost(str(error))
            return
        self._keeping.good()
        self._metrics.show_destinations(self._up())
        for line in late:
            self._metrics.parcels_expired.labels(group(line.to)).inc()
        for name, next_us in ready.items():
            task = self._tasks.get(name)
            if next_us <= now_us and (task is None or task.done()):
                self._tasks[name] = asyncio.ensure_future(self._route(name).run(stop))

    async def _heed(self) -> None:
        """Tell who waits for answers; what failed as nobody foresaw is left for after the next start."""
        limit = TOLD_AT_ONCE + len(self._unheeded)
        for sent in await asyncio.to_thread(self._post.untold, limit):
            key, hook = sent.parcel.key, self._on_answer.get(sent.parcel.kind)
            if key in self._unheeded:
                continue
            try:
                if hook is not None:
                    await asyncio.to_thread(hook, sent)
            except VitalsdError:
                raise
            except Exception as error:  # noqa: BLE001  one answer must not end what is done for all others
                self._unheeded.add(key)
                self._log.error("an answer could not be used", kind=sent.parcel.kind, error=unforeseen(error))
                continue
            await asyncio.to_thread(self._post.tell, key)

    async def _end(self) -> None:
        """What is under way may be answered yet."""
        running = [task for task in self._tasks.values() if not task.done()]
        if running:
            _, late = await asyncio.wait(running, timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for route in self._routes.values():
            await route.close()

    def _route(self, name: str) -> Route:
        if name not in self._routes:
            self._routes[name] = Route(
                name, self._post, self.to, self._now_us, self._on_answer.keys(), self._news.set, self._metrics
            )
        return self._routes[name]

    def _up(self) -> Mapping[str, bool]:
        up: dict[str, bool] = {}
        for name, found in self.standing.items():
            up[group(name)] = found.up and up.get(group(name), True)
        return up

    def _by_group(self, queues: Mapping[str, Queue]) -> Mapping[str, Queue]:
        found = dict.fromkeys(self._names, _NOTHING)
        for name, queue in queues.items():
            found[group(name)] = _both(found.get(group(name), _NOTHING), queue)
        return found


_NOTHING = Queue(waiting=0, parked=0, oldest_us=None)


def _both(one: Queue, other: Queue) -> Queue:
    oldest = [each.oldest_us for each in (one, other) if each.oldest_us is not None]
    waiting, parked = one.waiting + other.waiting, one.parked + other.parked
    return Queue(waiting=waiting, parked=parked, oldest_us=min(oldest, default=None))
