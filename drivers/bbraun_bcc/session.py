"""The dialogue with a rack: ALIVE, VERSION, then MEM:GET for ever, each block acknowledged (small-devices §12)."""

import math
from collections.abc import Sequence

from collector.model import AlarmCondition, Event, Frame, Rejected
from drivers.bbraun_bcc import quadruples
from drivers.bbraun_bcc.frames import Block, Framer
from drivers.bbraun_bcc.options import Options
from drivers.bbraun_bcc.quadruples import SYSTEM, Quadruple
from drivers.bbraun_bcc.rack import Rack
from drivers.bbraun_bcc.requests import ANY_BED, Reply, Request, framed

ACK_S = 0.1
PAUSE_S = 0.5
"""Before an ACK, and before the next request (B §3.2.5.1)."""
ANSWER_S = 3.0
"""Without a byte for so long after a request or an ACK, nothing comes any more. A block of 4 KB at 9600 baud comes
without a pause."""
NAKS = 2
"""A block is asked for again so often; then the dialogue begins anew."""
NUDGE_S = 5.0
"""A rack that sends by itself goes on after an ACK; so long after the last block it gets one (B §3.6.1.5)."""
MAX_REPLIES = 32
"""Blocks that came in one read, each to be acknowledged; the largest rack has 24 pumps."""

_COMMANDS = frozenset(what.value for what in Request)


class BccSession:
    """One request at a time. Unasked blocks are read and acknowledged as well."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._framer = Framer()
        self._rack = Rack(standing)
        self._bed = ANY_BED
        self._stuff = True
        self._next = Request.ALIVE
        self._asked: Request | None = None
        self._versioned = False
        self._ask_at = math.inf if options.cyclic else -math.inf
        self._nudge_at = -math.inf if options.cyclic else math.inf
        self._answer_by = math.inf
        self._asked_at = -math.inf
        self._replies: list[Reply] = []
        self._reply_at = math.inf
        self._naks = 0
        self._out = b""

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        found: list[Event] = []
        if self._asked is not None and data:
            self._answer_by = now + ANSWER_S
        for item in self._framer.feed(data):
            if isinstance(item, Rejected):
                found.append(item)
                self._damaged(item.reason, now)
            elif isinstance(item, Block):
                self._block(item, now, found)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        due = min(self._reply_at, self._answer_by, self._nudge_at)
        if self._reply_at == math.inf:
            due = min(due, self._ask_at)
        return None if due == math.inf else due

    def expire(self, now: float) -> Sequence[Event]:
        if now >= self._reply_at:
            self._out += b"".join(reply.value for reply in self._replies)
            self._replies.clear()
            self._reply_at = math.inf
        if now >= self._answer_by:
            self._restart(now)
        if now >= self._ask_at and self._reply_at == math.inf:
            self._ask(now)
        if now >= self._nudge_at:
            self._nudge_at = now + NUDGE_S
            self._out += Reply.ACK.value
        return ()

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's; BCC has no farewell
        self._ask_at = self._answer_by = self._reply_at = self._nudge_at = math.inf

    def finish(self) -> Sequence[Event]:
        return self._framer.finish()

    def _ask(self, now: float) -> None:
        self._out += framed(self._next, self._bed, stuff=self._stuff)
        self._asked, self._asked_at = self._next, now
        self._answer_by, self._ask_at = now + ANSWER_S, math.inf
        self._naks = 0
        if self._asked is Request.MEMORY:
            self._rack.begin()

    def _restart(self, now: float) -> None:
        """Nothing came, or nothing whole: begin with ALIVE, of a rack that never spoke in the other spelling."""
        if self._asked is Request.ALIVE:
            self._stuff = not self._stuff
        self._rack.spoil()
        self._asked, self._next, self._bed = None, Request.ALIVE, ANY_BED
        self._answer_by, self._ask_at = math.inf, now
        self._replies.clear()
        self._reply_at = math.inf

    def _damaged(self, reason: str, now: float) -> None:
        self._rack.spoil()
        if self._asked is None or reason in {"noise", "truncated"}:
            return
        self._naks += 1
        if self._naks > NAKS:
            self._restart(now + PAUSE_S)
        else:
            self._reply(Reply.NAK, now)

    def _reply(self, reply: Reply, now: float) -> None:
        if len(self._replies) < MAX_REPLIES:
            self._replies.append(reply)
        self._reply_at = min(self._reply_at, now + ACK_S)

    def _block(self, block: Block, now: float, found: list[Event]) -> None:
        if block.information in _COMMANDS or block.information.startswith(b"MEM:GETSLOT#"):
            found.append(Frame(offset=block.offset, length=block.length, kind="request"))
            return
        told = quadruples.read(block.information)
        if told is None:
            found.append(Rejected(offset=block.offset, length=block.length, reason="quadruple"))
            self._damaged("quadruple", now)
            return
        tick_us = told[0].time_s * 1_000_000
        found.append(Frame(offset=block.offset, length=block.length, kind=_kind(told), tick_us=tick_us))
        found += self._rack.events(told, last=block.last)
        self._heard(block, told, now)

    def _heard(self, block: Block, told: Sequence[Quadruple], now: float) -> None:
        self._reply(Reply.ACK, now)
        self._naks = 0
        if block.stuffed is not None:
            self._stuff = block.stuffed
        if self._options.cyclic:
            self._nudge_at = now + NUDGE_S
        if self._asked is None or not block.last:
            return
        asked, self._asked, self._answer_by = self._asked, None, math.inf
        self._ask_at = now + PAUSE_S
        refused = any(q.name == "GNERR" and q.address == SYSTEM for q in told)
        if asked is Request.ALIVE and refused:
            self._ask_at = now + ANSWER_S
        elif asked is Request.ALIVE:
            self._bed = block.bed
            self._next = Request.MEMORY if self._versioned else Request.VERSION
            self._versioned = True
        elif asked is Request.VERSION:
            self._next = Request.MEMORY
        else:
            self._ask_at = max(self._asked_at + self._options.poll_s, now + PAUSE_S)
            if refused and any(q.value == "68" for q in told):
                self._next, self._bed = Request.ALIVE, ANY_BED


def _kind(told: Sequence[Quadruple]) -> str:
    match [q.name for q in told]:
        case ["GNACK"]:
            return "alive"
        case ["GNERR"]:
            return "error"
        case _:
            return "data" if told[0].value is not None else "version"
