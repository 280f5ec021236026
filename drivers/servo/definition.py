"""Which channels are read, and how: what the options ask for, and what the device says that it has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from drivers.servo import tables
from drivers.servo.options import Options
from drivers.servo.tables import ALARMS, BREATH, CURVE, SETTINGS, Configured, Entry

MOST: Mapping[str, int] = {CURVE: 4, BREATH: 50, SETTINGS: 50, ALARMS: 50}
"""Channels of one kind (§3). The manual says 75 settings in one place and 50 in another (§4.21)."""


RECORDED: Mapping[tuple[str, int], tuple[int, ...]] = {(CURVE, 1): (100,), (BREATH, 3): (200, 205, 209)}
"""What the published recording holds: by it a stream of this shape is read that nobody here has asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """The channels of each letter of SDAD in their order, as they are read, and the time between two samples.

    guessed: letters whose channels are a guess by the shape of a recording; their values are questionable.
    """

    numbers: Mapping[str, tuple[int, ...]]
    entries: Mapping[int, Entry]
    sampling_ms: int
    guessed: frozenset[str] = frozenset()

    @property
    def rate_hz(self) -> float:
        return 1000.0 / self.sampling_ms

    def of(self, letter: str) -> Sequence[Entry]:
        """The channels of curves, breath or settings."""
        return [self.entries[number] for number in self.numbers[letter]]

    def shortened(self, letter: str) -> "Definition":
        """With half of the channels of a letter: the device did not take them all."""
        numbers = self.numbers[letter]
        return replace(self, numbers={**self.numbers, letter: numbers[: len(numbers) // 2]})

    def guess(self, letter: str, count: int, version: int) -> "Definition":
        """For a recording that holds so many channels of a letter, and does not say which."""
        known = RECORDED.get((letter, count))
        if known is not None:
            entries = {number: tables.entry(number, version) for number in known}
        else:
            entries = {entry.number: entry for entry in (tables.nameless(letter, place) for place in range(count))}
        return replace(
            self,
            numbers={**self.numbers, letter: tuple(entries)},
            entries={**self.entries, **entries},
            guessed=self.guessed | {letter},
        )


def assumed(options: Options) -> Definition:
    """What the options say, scaled by the tables: for a recording that does not hold the configuration."""
    numbers: dict[str, tuple[int, ...]] = {}
    for letter in MOST:
        asked = _asked(options, letter)
        numbers[letter] = tables.defaults(letter) if asked is None else asked
    entries = {
        number: tables.entry(number, options.protocol_version)
        for letter in (CURVE, BREATH, SETTINGS)
        for number in numbers[letter]
    }
    return Definition(numbers=numbers, entries=entries, sampling_ms=options.sampling_ms)


def told(options: Options, sampling_ms: int, listed: Iterable[Configured]) -> Definition:
    """What of it the device has, as it says; where the options name nothing, with the channels that nobody knows."""
    configured = {one.number: one for one in listed}
    numbers: dict[str, tuple[int, ...]] = {}
    for letter, most in MOST.items():
        asked = _asked(options, letter)
        has = {number for number, one in configured.items() if one.type in tables.TYPES[letter]}
        wanted = [number for number in (tables.defaults(letter) if asked is None else asked) if number in has]
        if asked is None and letter != CURVE:
            wanted += [number for number in sorted(has) if not tables.known(number)]
        numbers[letter] = tuple(wanted[:most])
    entries = {number: tables.configured(one) for number, one in configured.items()}
    return Definition(numbers=numbers, entries=entries, sampling_ms=sampling_ms)


def _asked(options: Options, letter: str) -> tuple[int, ...] | None:
    by_letter: Mapping[str, tuple[int, ...] | None] = {
        CURVE: options.waves,
        BREATH: options.breath,
        SETTINGS: options.settings,
        ALARMS: options.alarms,
    }
    return by_letter[letter]
