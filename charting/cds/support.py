"""Puts decision support together: who is asked, at what, where that leaves for, and who takes the answers."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import cache, partial
from typing import Any
from uuid import uuid4

from charting.apart import repeat
from charting.case.clock import MINUTE_US
from charting.cds.answering import ANSWERED, FEEDBACK, Answers
from charting.cds.asking import CHOOSING, QUESTION, USUAL, WINDOW, Asker, service_of
from charting.cds.config import CdsSection, CdsService
from charting.cds.question import KINDS
from charting.cds.services import Services
from charting.cds.trust import KeyUnusable, Signer
from charting.desk import Desk
from charting.filler.sources import Sources
from charting.metrics import Metrics
from charting.outbox.following import Cursors, Follower
from charting.outbox.http import HttpWire
from charting.outbox.parcel import Sent, State
from charting.outbox.post import Post
from charting.outbox.wire import Address, Answered
from charting.trail.entries import SYSTEM
from charting.watch.state import Board
from collector.credentials import credential
from collector.errors import VitalsdError
from collector.logs import Link, logger

PACE_S = 1.0
DISCOVERY = "/cds-services"
SETTLE_US = 60_000_000
"""So long after its time what became of a question is looked at: it may have been under way."""
_MOST = 500
_OURS = frozenset({QUESTION, WINDOW, FEEDBACK})


class NoKeyError(VitalsdError):
    """There is no key with which a question could be signed."""


class DecisionSupport:
    """`takers`: destinations that are told vital signs. `board`: what the watch knows."""

    def __init__(
        self,
        section: CdsSection,
        desk: Desk,
        sources: Sources,
        board: Callable[[], Board],
        post: Post,
        cursors: Cursors,
        takers: Sequence[str],
        now_us: Callable[[], int],
        metrics: Metrics,
    ) -> None:
        self._section = section
        self._board = board
        self._post = post
        self._takers = takers
        self._now_us = now_us
        self._services = Services(section, now_us)
        self._by_name = {each.name: each for each in section.service}
        self._asker = Asker(desk, sources, post, self._services, takers, now_us, metrics)
        self._answers = Answers(desk, post, self._services, metrics)
        self._followers = [
            Follower("cds", desk.trail, cursors, KINDS, self._asker.act),
            Follower("cds-feedback", desk.trail, cursors, ANSWERED, self._answers.act),
        ]
        self._looks = Link(logger(part="decision support"), "decision support")
        self._slot = -1
        self._tidied = -1

    def place(self, to: str) -> Address | None:
        """Where a service is; for the courier."""
        service = self._by_name.get(service_of(to))
        if service is None or to.partition(":")[0] not in {USUAL, CHOOSING}:
            return None
        limit_s = service.choosing_limit_s if to.startswith(f"{CHOOSING}:") else service.limit_s
        return Address(url=service.url, ca=service.ca, answer_s=limit_s, authorize=partial(self._authorize, service))

    def hurry(self, courier: Callable[[str], None]) -> None:
        """`courier`: ends its pause at a destination."""
        self._asker.hurry = courier

    @property
    def on_answer(self) -> Mapping[str, Callable[[Sent], None]]:
        return {QUESTION: lambda sent: self._answers.take(sent.parcel, sent.answer)}

    def lives(self, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        if not self._section.service and not self._takers:
            return []
        following = [follower.run(stop) for follower in self._followers] if self._section.service else []
        return [*following, self._services.run(stop, self._fetch), repeat(self.look, PACE_S, stop, self._looks)]

    def look(self) -> None:
        """What alarms bring up; windows when they are due; what became of what was asked. Raises VitalsdError."""
        board = self._board()
        self._asker.look(board)
        minute = self._now_us() // MINUTE_US
        if minute != self._tidied or self._now_us() <= self._asker.until_us + SETTLE_US:
            self._tidy()
            self._tidied = minute
        slot = self._now_us() // (self._section.window_s * 1_000_000)
        if slot != self._slot:
            self._asker.tell_windows(board, slot)
            self._slot = slot

    def _tidy(self) -> None:
        """Of what failed nothing leaves again, and nobody is called for it: there are no cards, or an old window."""
        asked = [f"{of}:{name}" for of in (USUAL, CHOOSING) for name in self._by_name]
        refused = [(to, State.PARKED) for to in (*asked, *self._takers)]
        for to, state in [*refused, *((to, State.WAITING) for to in asked)]:
            for line in self._post.lines(to=to, state=state, text="cds-", limit=_MOST):
                failed = state is State.PARKED or (line.kind == QUESTION and line.reason)
                if failed and line.kind in _OURS and self._post.withdraw(line.key, SYSTEM, line.reason):
                    self._answers.failed(line.to, line.kind, line.reason)

    async def _fetch(self, service: CdsService) -> bytes:
        """Raises ConnectionError."""
        address = self.place(f"{USUAL}:{service.name}")
        assert address is not None
        wire = HttpWire(address)
        try:
            told = await wire.get(DISCOVERY)
        finally:
            await wire.close()
        if not isinstance(told, Answered):
            raise ConnectionError(told.reason)
        return told.answer

    def _authorize(self, service: CdsService, url: str) -> Mapping[str, str]:
        if service.key is None:
            return {}
        pem = credential(service.key)
        if pem is None:
            raise NoKeyError(f"there is no credential {service.key}")
        try:
            token = _signer(pem, self._section.issuer, service.key).token(url, self._now_us(), str(uuid4()))
        except KeyUnusable as error:
            raise NoKeyError(f"credential {service.key}: {error}") from None
        return {"authorization": f"Bearer {token}"}


_signer = cache(Signer)
