"""A session and a simulated device in conversation, in a time of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from collector.model import Event
from collector.session import Session

STEP_S = 0.01


@dataclass(slots=True, kw_only=True)
class Talk:
    """`up`: what the device sent, `down`: what the session sent, in runs; `heard` and `said`: events of the two."""

    datagrams: bool = False
    heard: list[Event] = field(default_factory=list)
    said: list[Event] = field(default_factory=list)
    up: list[bytes] = field(default_factory=list)
    down: list[bytes] = field(default_factory=list)


def talk(
    mine: Session,
    device: Session,
    start_s: float,
    seconds: float,
    *,
    datagrams: bool = False,
    heard: Talk | None = None,
) -> Talk:
    """Let them talk for so long; what they say is added to `heard`, where it is given."""
    found = heard or Talk(datagrams=datagrams)
    ends = ((mine, device, found.heard, found.said, found.down), (device, mine, found.said, found.heard, found.up))
    for step in range(round(seconds / STEP_S)):
        now = start_s + step * STEP_S
        for one, other, told, answered, sent in ends:
            due = one.deadline()
            if due is not None and due <= now:
                told.extend(one.expire(now))
            while out := one.outgoing():
                sent.append(out)
                answered.extend(other.receive(out, now))
    return found


def patiently(mine: Session, start_s: float, seconds: float) -> tuple[int, Sequence[tuple[float, bytes]]]:
    """Let it talk to nobody for so long; how often it was woken, and what it sent when."""
    now, end_s, woken = start_s, start_s + seconds, 0
    sent: list[tuple[float, bytes]] = []
    while now < end_s:
        due = mine.deadline()
        if due is None:
            break
        now = max(now, due)
        if now >= end_s or woken > MOST_WOKEN:
            break
        woken += 1
        mine.expire(now)
        while out := mine.outgoing():
            sent.append((now, out))
    return woken, sent


MOST_WOKEN = 100_000
"""A session that wants to be woken again at once, for ever."""
