"""Parcels in memory: for tests and for trying things out."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Lock

from charting.outbox.parcel import Parcel, Sent, State


class MemoryOutbox:
    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._sent: dict[str, Sent] = {}
        self._lock = Lock()

    def put(self, parcels: Sequence[Parcel]) -> Collection[str]:
        now_us, new = self._now_us(), []
        with self._lock:
            for parcel in parcels:
                if parcel.key not in self._sent:
                    new.append(parcel.key)
                    self._sent[parcel.key] = Sent(
                        parcel=parcel, seq=len(self._sent) + 1, state=State.WAITING, made_us=now_us, next_us=now_us
                    )
        return new

    def find(self, key: str) -> Sent | None:
        with self._lock:
            return self._sent.get(key)

    def of_case(self, case: str) -> Sequence[Sent]:
        with self._lock:
            return [sent for sent in self._sent.values() if sent.parcel.case == case]

    def states(self) -> Mapping[tuple[str, State], int]:
        with self._lock:
            return Counter((sent.parcel.to, sent.state) for sent in self._sent.values())
