"""What is stored of all beds' gateways and devices, in a few questions for all of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from collector.journal.rows import identity_of, reading_of, series_of
from collector.model import DeviceIdentity, Reading
from collector.technical import GATEWAY
from collector.timescale_reader import TimescaleReader

_SERIES = 7
"""Columns of a series."""

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class BedTold:
    """One bed. heard: device → time of the newest reading that it gave, µs since 1970 UTC; own: the last readings of
    what the gateway tells by itself; identities: what each device said of itself last.

    unread: something that is stored of it is damaged, and is left out.
    """

    heard: Mapping[str, int] = field(default_factory=dict)
    own: Sequence[Reading] = ()
    identities: Mapping[str, DeviceIdentity] = field(default_factory=dict)
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A database server. timescaledb: its version, None where there is none; edition: as collector.edition."""

    version: str
    timescaledb: str | None
    edition: str | None
    size_bytes: int


class FleetReader(TimescaleReader):
    def told(self) -> Mapping[str, BedTold]:
        """Of every bed that the store knows."""
        about = GATEWAY, GATEWAY
        heard: dict[str, dict[str, int]] = {}
        for bed, device, at_us in self._rows("fleet_heard", about):
            heard.setdefault(bed, {})[device] = at_us
        own, damaged = _read(self._rows("fleet_own", about), _own)
        identities, also = _read(self._rows("fleet_identities", ()), identity_of)
        return {
            bed: BedTold(
                heard=heard.get(bed, {}),
                own=own.get(bed, ()),
                identities={
                    i.device: i.identity for i in identities.get(bed, ()) if isinstance(i.identity, DeviceIdentity)
                },
                unread=bed in damaged or bed in also,
            )
            for bed in sorted({*heard, *own, *damaged})
        }

    def about(self) -> Server:
        version, timescaledb, edition, size_bytes = self._rows("about", ())[0]
        return Server(version=version, timescaledb=timescaledb, edition=edition, size_bytes=size_bytes)


def _own(row: Sequence[Any]) -> Reading:
    return reading_of(series_of(tuple(row[:_SERIES])), tuple(row[_SERIES:]))


def _read(
    rows: Iterable[Sequence[Any]], make: Callable[[tuple[Any, ...]], Made]
) -> tuple[dict[str, list[Made]], set[str]]:
    """What is made of rows by their first column, a bed; the beds of which a row is damaged."""
    made: dict[str, list[Made]] = {}
    damaged: set[str] = set()
    for row in rows:
        with suppress(ValueError, TypeError):
            made.setdefault(row[0], []).append(make(tuple(row)))
            continue
        damaged.add(row[0])
    return made, damaged
