"""What the checks work on: a driver, streams of its device's bytes, and how hard to try."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from collector.conform.talk import Talk, talk
from collector.driver import DriverSpec, Simulated
from collector.model import Event
from collector.session import Session

EPOCH_US = 1_700_000_000_000_000
"""The wall clock at the simulated device's second 0: 2023-11-14T22:13:20Z."""
START_S = 5_000.0
TALK_S = 60.0
WINDOW_BYTES = 16_384
"""As much of a stream as one trial reads."""


class Failed(Exception):  # noqa: N818  an outcome, not an error
    """A check has found what must not be: located, in one line."""


class Unchecked(Exception):  # noqa: N818
    """A check cannot be made, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Bytes of a device: chunks of a stream, or datagrams."""

    name: str
    chunks: Sequence[bytes]
    datagrams: bool = False


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A driver whose protocol is ours. patient: whom its simulator measures; trials: mutations of each stream.

    sent: everything that any session has sent in any check.
    """

    spec: DriverSpec
    patient: Any
    streams: Sequence[Stream] = ()
    trials: int = 300
    sent: set[bytes] = field(default_factory=set)

    def session(self, *, datagrams: bool) -> Session:
        return self.spec.dialogue(self.spec.options(), datagrams)

    def simulator(self, *, datagrams: bool) -> Session:
        assert self.spec.simulator is not None
        return self.spec.simulator(Simulated(patient=self.patient, seed=3, datagrams=datagrams, epoch_us=EPOCH_US))

    @cached_property
    def talks(self) -> Sequence[Talk]:
        """A minute with the simulator over each kind of line."""
        kinds = sorted({line.scheme == "udp" for line in self.spec.lines})
        return [self._talk(datagrams=datagrams) for datagrams in kinds]

    @cached_property
    def recordings(self) -> Sequence[Stream]:
        """The streams given, and what the simulator sent."""
        simulated = [
            Stream(name=f"simulator{' (udp)' * one.datagrams}", chunks=tuple(one.up), datagrams=one.datagrams)
            for one in self.talks
        ]
        return [*self.streams, *simulated]

    def wholes(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of each recording that is a stream."""
        for recording in self.recordings:
            if not recording.datagrams:
                yield recording.name, b"".join(recording.chunks)

    def decoded(self, chunks: Iterable[bytes], *, datagrams: bool = False) -> list[Event]:
        """What a session that is only fed says of these."""
        one = self.session(datagrams=datagrams)
        events: list[Event] = []
        for chunk in chunks:
            events += one.receive(chunk, 0.0)
            self.note(one)
        return events + list(one.finish())

    def note(self, session: Session) -> None:
        """Remember what it sends."""
        while data := session.outgoing():
            self.sent.add(data)

    def random(self, salt: str) -> random.Random:
        """The same numbers each time, of each check its own."""
        return random.Random(f"{self.spec.name} {salt}")  # noqa: S311  damage, not secrets

    def _talk(self, *, datagrams: bool) -> Talk:
        mine, device = self.session(datagrams=datagrams), self.simulator(datagrams=datagrams)
        found = talk(mine, device, START_S, TALK_S, datagrams=datagrams)
        self.sent.update(found.down)
        return found


def window(rng: random.Random, data: bytes) -> bytes:
    """A piece from anywhere."""
    start = rng.randrange(max(1, len(data)))
    return data[start : start + rng.randint(1, WINDOW_BYTES)]


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


Checking = Callable[[Subject], str]
"""Returns what was tried. Raises Failed, Unchecked."""
