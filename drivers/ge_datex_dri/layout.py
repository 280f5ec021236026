"""Where each value stands in a physiological sub-record and which code it has (fact sheet ge-datex-dri §5.1-§5.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.ge_datex_dri import words

NO_VALUE = -32001
"""A 16-bit field at or below it carries no value (§5.1)."""
STATUS, LABEL, DATA = 0, 4, 6
"""Offsets in a group: status dword, label word, then its fields."""
DATA_BYTES = 270


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A code with the body site where the code does not fix it. `quiet`: without a value it says nothing at all."""

    code: str
    site: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A code that bits of the status or label word decide; `until_level`: from this DRI level on `other` holds."""

    at: int
    shift: int
    mask: int
    codes: Mapping[int, Named]
    other: Named
    until_level: int | None = None

    def pick(self, status: int, label: int, level: int) -> Named:
        if self.until_level is not None and level >= self.until_level:
            return self.other
        return self.codes.get((status if self.at == STATUS else label) >> self.shift & self.mask, self.other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A signed 16-bit value: value in `unit` = raw / divisor.

    A name with a dot names its own group.
    """

    name: str
    code: Named | Choice
    unit: str
    divisor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state that a group's bits tell, as a text: an enumeration (a sequence of words) or flags (a mapping)."""

    name: str
    code: str
    at: int
    words: Sequence[str] | Mapping[int, str]
    shift: int = 0
    mask: int = 0xFFFF_FFFF
    size: int = 4

    def text(self, group: bytes) -> str:
        bits = int.from_bytes(group[self.at : self.at + self.size], "little") >> self.shift & self.mask
        return words.flags(self.words, bits) if isinstance(self.words, Mapping) else words.name(self.words, bits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Fields that stay until the next measurement: told once, then repeats (§5.3 NIBP, CO).

    `aged`: label bit "older than 60 s"; `measuring`: label bit during which the last value still stands, or none;
    `stamp`: which of the auxiliary record's times it is; `continuous`: label bits and their value while the fields are
    no episode.
    """

    fields: tuple[str, ...]
    stamp: str
    aged: int
    measuring: int = 0
    continuous: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of a class: header, then `fields` without a gap, at `offset` of the class's data area.

    `tail`: where the last of the fields stand instead, without a header of their own. `extra`: bytes of other words
    after the fields. `idle`: fields without whose values those of `idle_absent` are not measured either.
    `calibrating`: status bits. `twitches`: the last word is the NMT ptc word.
    """

    name: str
    offset: int
    fields: tuple[Field, ...]
    states: tuple[State, ...] = ()
    episodes: tuple[Episode, ...] = ()
    tail: tuple[int, int] | None = None
    extra: int = 0
    idle: tuple[str, ...] = ()
    idle_absent: tuple[str, ...] = ()
    calibrating: int = 0
    twitches: bool = False

    @property
    def size(self) -> int:
        """Bytes at `offset`."""
        elsewhere = self.tail[1] - self.tail[0] if self.tail else 0
        return DATA + 2 * len(self.fields) - elsewhere + self.extra

    def positions(self, names: Sequence[str]) -> tuple[int, ...]:
        """Where the fields of these names stand among its fields."""
        return tuple(n for n, item in enumerate(self.fields) if item.name in names)


def value(name: str, code: str | Named | Choice, unit: str, divisor: int = 1) -> Field:
    """A field with a code of its own, or one that a label chooses."""
    return Field(name=name, code=Named(code=code) if isinstance(code, str) else code, unit=unit, divisor=divisor)


def flags(at: int, words: Mapping[int, str], name: str = "status", code: str = "VND_GE_STATUS") -> State:
    """The flags of the status or label word as one text."""
    return State(name=name, code=code, at=at, words=words, size=2 if at == LABEL else 4)


def enum(name: str, code: str, at: int, words: Sequence[str], shift: int = 0, mask: int = 0xFFFF) -> State:
    """An enumeration in the status or label word as a text."""
    return State(name=name, code=code, at=at, words=words, shift=shift, mask=mask, size=2 if at == LABEL else 4)


def names(codes: Mapping[int, str], sites: Mapping[int, str] | None = None) -> Mapping[int, Named]:
    return {number: Named(code=code, site=(sites or {}).get(number, "")) for number, code in codes.items()}
