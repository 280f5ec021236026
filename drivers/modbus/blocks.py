"""Which requests read a map: one for each run of addresses that follow each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

MOST_REGISTERS = 125
MOST_BITS = 2_000
"""What one request may ask for (Modbus Application Protocol V1.1b3 §6.1-6.4)."""


class Kind(StrEnum):
    """The four tables of a Modbus device (Modbus Application Protocol V1.1b3 §4.3)."""

    HOLDING = "holding"
    INPUT = "input"
    COIL = "coil"
    DISCRETE = "discrete"

    @property
    def is_bit(self) -> bool:
        return self in {Kind.COIL, Kind.DISCRETE}


class Place(Protocol):
    """Where something stands: `count` registers or bits from `address` on, as it goes over the line."""

    @property
    def unit_id(self) -> int: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def address(self) -> int: ...
    @property
    def count(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One request: only addresses that the map names, for a device refuses the whole of one that has a hole."""

    unit_id: int
    kind: Kind
    address: int
    count: int

    def holds(self, place: Place) -> bool:
        return (
            (place.unit_id, place.kind) == (self.unit_id, self.kind)
            and self.address <= place.address
            and place.address + place.count <= self.address + self.count
        )


def blocks(places: Iterable[Place]) -> Sequence[Block]:
    """The fewest requests that read all places; none of these is cut."""
    found: list[Block] = []
    for place in sorted(places, key=lambda one: (one.unit_id, one.kind, one.address, -one.count)):
        if found and _follows(found[-1], place):
            last = found.pop()
            end = max(last.address + last.count, place.address + place.count)
            found.append(Block(unit_id=last.unit_id, kind=last.kind, address=last.address, count=end - last.address))
        else:
            found.append(Block(unit_id=place.unit_id, kind=place.kind, address=place.address, count=place.count))
    return found


def _follows(block: Block, place: Place) -> bool:
    most = MOST_BITS if block.kind.is_bit else MOST_REGISTERS
    return (
        (place.unit_id, place.kind) == (block.unit_id, block.kind)
        and place.address <= block.address + block.count
        and place.address + place.count <= block.address + most
    )
