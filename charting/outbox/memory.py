"""Parcels in memory: for tests and for trying things out."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import count
from threading import RLock

from charting.outbox.parcel import Parcel, Sent, State
from charting.outbox.post import NEVER_US, OPEN, Line, Queue, line_of, logged, said


class MemoryOutbox:
    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._sent: dict[str, Sent] = {}
        self._untold: set[str] = set()
        self._seq = count(1)
        self._listeners: list[Callable[[], None]] = []
        self._lock = RLock()

    def put(self, parcels: Sequence[Parcel]) -> Collection[str]:
        now_us, new = self._now_us(), []
        with self._lock:
            for parcel in parcels:
                if parcel.key not in self._sent:
                    new.append(parcel.key)
                    self._sent[parcel.key] = Sent(
                        parcel=parcel, seq=next(self._seq), state=State.WAITING, made_us=now_us, next_us=now_us
                    )
        self._tell()
        return new

    def find(self, key: str) -> Sent | None:
        with self._lock:
            return self._sent.get(key)

    def of_case(self, case: str) -> Sequence[Sent]:
        return [sent for sent in self._all() if sent.parcel.case == case]

    def states(self) -> Mapping[tuple[str, State], int]:
        return Counter((sent.parcel.to, sent.state) for sent in self._all())

    def listen(self, told: Callable[[], None]) -> None:
        self._listeners.append(told)

    def queues(self) -> Mapping[str, Queue]:
        made: dict[str, list[Sent]] = {}
        for sent in self._all():
            if sent.state in OPEN:
                made.setdefault(sent.parcel.to, []).append(sent)
        return {
            to: Queue(
                waiting=sum(each.state is State.WAITING for each in sent),
                parked=sum(each.state is State.PARKED for each in sent),
                oldest_us=min((each.made_us for each in sent if each.state is State.WAITING), default=None),
            )
            for to, sent in made.items()
        }

    def ready(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for sent in self._all():
            if sent.state is State.WAITING:
                found[sent.parcel.to] = min(sent.next_us, found.get(sent.parcel.to, sent.next_us))
        return found

    def due(self, to: str, limit: int) -> Sequence[Line]:
        now_us, found, turns = self._now_us(), list[tuple[int, int, Sent]](), dict[str, int]()
        for sent in self._all():
            if sent.parcel.to != to or sent.state not in OPEN:
                continue
            lane, own_us = sent.parcel.lane, sent.next_us if sent.state is State.WAITING else NEVER_US
            turn_us = turns[lane] = max(own_us, turns.get(lane, 0) if lane else 0)
            if turn_us <= now_us and _is_of_use(sent, now_us):
                found.append((turn_us, sent.seq, sent))
        return [line_of(sent) for _, _, sent in sorted(found, key=lambda each: each[:2])[:limit]]

    def begin(self, key: str) -> Sent | None:
        with self._lock:
            sent = self._in(key, State.WAITING)
            if sent is None or not _is_of_use(sent, self._now_us()):
                return None
            begun = self._sent[key] = replace(sent, attempts=sent.attempts + 1)
            return begun

    def answer(self, key: str, answer: bytes, *, told: bool) -> None:
        with self._lock:
            sent = self._sent[key]
            self._set(sent, State.ANSWERED, "answered", answer=answer, answered_us=self._now_us(), reason="")
            if not told:
                self._untold.add(key)

    def again(self, key: str, next_us: int, reason: str) -> None:
        with self._lock:
            sent = self._in(key, State.WAITING)
            if sent is not None:
                self._set(sent, State.WAITING, said("unanswered", reason), next_us=next_us, reason=reason)

    def park(self, key: str, reason: str, answer: bytes = b"") -> None:
        with self._lock:
            sent = self._in(key, State.WAITING)
            if sent is not None:
                self._set(sent, State.PARKED, said("parked", reason), reason=reason, answer=answer)

    def expire(self) -> Sequence[Line]:
        now_us = self._now_us()
        with self._lock:
            late = [sent for sent in self._all() if sent.state is State.WAITING and not _is_of_use(sent, now_us)]
            return [line_of(self._set(sent, State.EXPIRED, "expired")) for sent in late]

    def untold(self, limit: int) -> Sequence[Sent]:
        return [sent for sent in self._all() if sent.parcel.key in self._untold][:limit]

    def tell(self, key: str) -> None:
        with self._lock:
            self._untold.discard(key)

    def resend(self, key: str, by: str, why: str) -> bool:
        with self._lock:
            sent = self._in(key, State.WAITING, State.PARKED, State.ANSWERED, State.WITHDRAWN)
            if sent is None or not sent.parcel.body:
                return False
            self._set(sent, State.WAITING, said("resent", why), by, next_us=self._now_us(), reason="")
        self._tell()
        return True

    def withdraw(self, key: str, by: str, why: str) -> bool:
        with self._lock:
            sent = self._in(key, *OPEN)
            if sent is None:
                return False
            self._set(sent, State.WITHDRAWN, said("withdrawn", why), by)
        self._tell()
        return True

    def lines(
        self, *, to: str = "", state: State | None = None, text: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[Line]:
        found = [line_of(sent) for sent in reversed(self._all())]
        return [
            line
            for line in found
            if (not to or line.to == to)
            and (state is None or line.state is state)
            and any(text in each for each in (line.key, line.control, line.kind, line.case))
            and (before is None or line.seq < before)
        ][:limit]

    def forget(self, before_us: int) -> int:
        with self._lock:
            old = [
                sent
                for sent in self._all()
                if sent.state not in OPEN
                and sent.parcel.key not in self._untold
                and sent.made_us < before_us
                and (sent.parcel.until_us is not None or sent.parcel.body)
            ]
            for sent in old:
                if sent.parcel.until_us is None:
                    self._sent[sent.parcel.key] = replace(sent, parcel=replace(sent.parcel, body=b""), answer=b"")
                else:
                    del self._sent[sent.parcel.key]
            return len(old)

    def _tell(self) -> None:
        for told in self._listeners:
            told()

    def _all(self) -> Sequence[Sent]:
        with self._lock:
            return list(self._sent.values())

    def _in(self, key: str, *states: State) -> Sent | None:
        sent = self._sent.get(key)
        return sent if sent is not None and sent.state in states else None

    def _set(self, sent: Sent, state: State, what: str, by: str = "", **changed: object) -> Sent:
        made = replace(sent, state=state, log=logged(sent.log, self._now_us(), what, by), **changed)  # type: ignore[arg-type]
        self._sent[sent.parcel.key] = made
        return made


def _is_of_use(sent: Sent, now_us: int) -> bool:
    return sent.parcel.until_us is None or sent.parcel.until_us > now_us
