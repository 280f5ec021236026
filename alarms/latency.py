"""How long it takes from an alarm's arrival at the gateway until a page has drawn it (clinical.md §4.2). Pure."""

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from collector.clock import Step

WINDOW = 500
"""The newest measurements count: a day or more of an unquiet bed."""
PENDING = 512
"""Drawings that pages have not told of yet; of a page that is gone, or in the background, none comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Seconds, each the value of one measurement; p95: the smallest that 95 % of them do not exceed."""

    count: int
    p50_s: float
    p95_s: float
    worst_s: float


class Latency:
    """Of one bed's pages. `measured` is called with the seconds of each drawing."""

    def __init__(self, measured: Callable[[float], None] = lambda _: None) -> None:
        self._measured = measured
        self._seconds: deque[float] = deque(maxlen=WINDOW)
        self._pending: dict[int, int] = {}
        self._sent = 0

    def sent(self, told_us: int) -> int:
        """A page is sent an alarm that arrived at a time: the number under which it tells that it has drawn it."""
        self._sent += 1
        self._pending[self._sent] = told_us
        if len(self._pending) > PENDING:
            del self._pending[next(iter(self._pending))]
        return self._sent

    def shown(self, numbers: Iterable[int], now_us: int) -> None:
        """A page says that it has drawn these; what it was not sent, or has told before, counts for nothing."""
        for number in numbers:
            told_us = self._pending.pop(number, None)
            if told_us is not None and now_us >= told_us:
                seconds = (now_us - told_us) / 1e6
                self._seconds.append(seconds)
                self._measured(seconds)

    def stepped(self, _: Step) -> None:
        """Our clock was set: what is under way has begun by another one."""
        self._pending.clear()

    def summary(self) -> Summary | None:
        """Of the newest measurements; None where there is none."""
        ranked = sorted(self._seconds)
        if not ranked:
            return None
        half, most = (ranked[math.ceil(share * len(ranked)) - 1] for share in (0.5, 0.95))
        return Summary(count=len(ranked), p50_s=half, p95_s=most, worst_s=ranked[-1])
