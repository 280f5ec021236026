"""A monitor that sends by itself and is never asked (fact sheet small-devices §2)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import Event, Frame, Rejected
from drivers.edwards.fields import Field, Reader, parse
from drivers.edwards.frames import Framer, Telegram

VOTES = 2
"""So many telegrams that agree with the formula of the check byte, or as many that do not, say whether it is right."""
LEAST_FIELDS = 2
"""A telegram has dozens of fields; less may be noise."""
FRAME_US = 2_000_000
"""Nominal period of telegrams; the protocol has no ticks."""
CHECKSUM, LAYOUT, UNCONFIRMED = "checksum", "layout", "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A telegram with its fields, and what follows the last that is known."""

    telegram: Telegram
    fields: Sequence[Field]
    rest: str

    def rejected(self, reason: str) -> Rejected:
        return Rejected(offset=self.telegram.offset, length=self.telegram.length, reason=reason)


class EdwardsSession:
    """Listens. The first telegrams are held back until two are of one kind: none of them is lost.

    Nobody has verified the check byte's formula. Where it is right, a telegram whose check byte is wrong is rejected;
    where it is not, every field has to be of the table.
    """

    def __init__(self) -> None:
        self._framer = Framer()
        self._reader = Reader()
        self._held: list[Read] = []
        self._checked: bool | None = None
        self._frames = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:  # noqa: ARG002  the contract's
        found: list[Event] = []
        for item in self._framer.feed(data):
            found += (item,) if isinstance(item, Rejected) else self._telegram(item)
        return found

    def outgoing(self) -> bytes:
        return b""

    def deadline(self) -> float | None:
        return None

    def expire(self, now: float) -> Sequence[Event]:  # noqa: ARG002  the contract's
        return ()

    def close(self, now: float) -> None:
        """Nothing has been asked for."""

    def finish(self) -> Sequence[Event]:
        held, self._held = self._held, []
        return [*(one.rejected(UNCONFIRMED) for one in held), *self._framer.finish()]

    def _telegram(self, telegram: Telegram) -> Sequence[Event]:
        fields, rest = parse(telegram.body)
        one = Read(telegram=telegram, fields=fields, rest=rest)
        if len(fields) < LEAST_FIELDS or (rest and not telegram.agrees):
            return (one.rejected(LAYOUT),)
        if self._checked is None:
            self._held.append(one)
            agrees, votes = Counter(read.telegram.agrees for read in self._held).most_common(1)[0]
            if votes < VOTES:
                return ()
            self._checked = agrees
        else:
            self._held = [one]
        held, self._held = self._held, []
        return [event for read in held for event in self._read(read)]

    def _read(self, one: Read) -> Sequence[Event]:
        if self._checked and not one.telegram.agrees:
            return (one.rejected(CHECKSUM),)
        if one.rest and not self._checked:
            return (one.rejected(LAYOUT),)
        self._frames += 1
        tick_us = self._frames * FRAME_US
        frame = Frame(offset=one.telegram.offset, length=one.telegram.length, kind="telegram", tick_us=tick_us)
        return frame, *self._reader.read(one.fields, one.rest)
