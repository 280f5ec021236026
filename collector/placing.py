"""Whose a frame is: the bed that it speaks of, on a connection for one bed and on one for many."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from collector.model import AlarmCondition, Condition, Entry, Identity, Priority
from collector.normalize import Normalizer
from collector.status import DeviceStatus
from collector.technical import GATEWAY, Technical

MOST_UNKNOWN = 256
"""Locations that no bed is named for, each with what is remembered of it: no gateway has so many monitors."""


class Placing(Protocol):
    """Where a device's frames go by the location that they tell."""

    def of(self, location: str) -> Normalizer | None:
        """What makes entries of a frame of that location; None where it is of nobody here."""

    def connected(self) -> None:
        """A new dialogue begins."""

    def stepped(self, move_us: int) -> None:
        """Our clock was set by so much."""

    @property
    def standing(self) -> Sequence[AlarmCondition]:
        """Conditions of which the device has told no end, to be continued by a new session."""

    @property
    def unknown(self) -> Sequence[str]:
        """Locations told of that are of no bed here, in order of appearance."""


class OneBed:
    """A device that stands at this bed. A dialogue that tells a location keeps to the first one: two never mix."""

    def __init__(self, normalizer: Normalizer) -> None:
        self._normalizer = normalizer
        self._location = ""
        self._unknown: list[str] = []

    def of(self, location: str) -> Normalizer | None:
        told = bare(location)
        self._location = self._location or told
        if told in {"", self._location}:
            return self._normalizer
        if told not in self._unknown and len(self._unknown) < MOST_UNKNOWN:
            self._unknown.append(told)
        return None

    def connected(self) -> None:
        self._location = ""
        self._unknown.clear()

    def stepped(self, move_us: int) -> None:
        self._normalizer.stepped(move_us)

    @property
    def standing(self) -> Sequence[AlarmCondition]:
        return self._normalizer.standing

    @property
    def unknown(self) -> Sequence[str]:
        return tuple(self._unknown)


class ManyBeds:
    """A connection that speaks for many beds. What it says of a location that has no bed here is kept under its name.

    beds: location, as the device writes it (without empty components at its end), to bed; feed: the id of the daemon,
    which has what is of no location; new(bed): a bed's normalizer.
    """

    def __init__(self, feed: str, beds: Mapping[str, str], new: Callable[[str], Normalizer]) -> None:
        self._feed = feed
        self._beds = {bare(location): bed for location, bed in beds.items()}
        self._new = new
        self._normalizers = {bed: new(bed) for bed in [feed, *self._beds.values()]}
        self._unknown: list[str] = []

    def of(self, location: str) -> Normalizer | None:
        told = bare(location)
        bed = self._beds.get(told)
        if bed is None:
            bed = stray(self._feed, told) if told else self._feed
            if bed not in self._normalizers:
                if len(self._unknown) >= MOST_UNKNOWN:
                    return None
                self._unknown.append(told)
                self._normalizers[bed] = self._new(bed)
        return self._normalizers[bed]

    def connected(self) -> None:
        """Locations mean the same in the next dialogue."""

    def stepped(self, move_us: int) -> None:
        for normalizer in self._normalizers.values():
            normalizer.stepped(move_us)

    @property
    def standing(self) -> Sequence[AlarmCondition]:
        """Each with its location."""
        return [
            replace(alarm, location=location)
            for location, bed in [*self._beds.items(), *((told, stray(self._feed, told)) for told in self._unknown)]
            for alarm in self._normalizers[bed].standing
        ]

    @property
    def unknown(self) -> Sequence[str]:
        return tuple(self._unknown)


def bare(location: str) -> str:
    """A location without empty components at its end."""
    return location.rstrip("^ ")


def stray(feed: str, location: str) -> str:
    """The bed under which a feed keeps what it hears of a location that is in nobody's list."""
    return f"{feed}:{location}"


STRAY = "location:"
STRAY_CODE = "VND_VITALSD_LOCATION"
MOST_NAMED = 8
"""Locations that the condition names."""


def strays(technical: Technical, devices: Iterable[DeviceStatus]) -> Sequence[Condition]:
    """Changes of the conditions that a device speaks of locations for which no bed is named."""
    there = {STRAY + device.device: device for device in devices if device.strays}
    gone = [source for source in technical.standing(STRAY) if source not in there]
    changes = [change for source in gone for change in technical.cleared(source)]
    for source, device in there.items():
        named, more = device.strays[:MOST_NAMED], len(device.strays) - MOST_NAMED
        text = f"{device.device}: no bed is named for {', '.join(named)}" + (f" and {more} more" if more > 0 else "")
        changes += technical.raised(source, text, Priority.MEDIUM, code=STRAY_CODE)
    return changes


def spread(entries: Sequence[Entry], feed: str, beds: Sequence[str], own: tuple[str, ...]) -> Sequence[Entry]:
    """Entries, those that a feed's gateway tells of itself and its links at each of its beds as well.

    own: how the sources of conditions begin that are about what is told at one bed.
    """
    of_gateway = [
        entry
        for entry in entries
        if isinstance(entry, Condition) and (entry.bed, entry.device) == (feed, GATEWAY)
        if not entry.alarm.source.startswith((*own, STRAY))
    ]
    return [*entries, *(replace(condition, bed=bed) for bed in beds for condition in of_gateway)]


def bed_of(entry: Entry) -> str:
    """The bed of an entry."""
    return entry.bed if isinstance(entry, Condition | Identity) else entry.series.bed
