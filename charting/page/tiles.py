"""Which values go into the large tiles, and which values are one tile. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from charting.page.layout import Place, second_choice
from charting.page.now import SECOND_US, Value
from collector.model import Quality, Role

TOGETHER_US = 2 * SECOND_US
"""Parts of one measurement come in one frame or in the next: further apart they are two measurements."""

_WORST = (
    Quality.VALID, Quality.QUESTIONABLE, Quality.CALIBRATING, Quality.OVERFLOW, Quality.UNDERFLOW, Quality.INVALID,
    Quality.NOT_AVAILABLE,
)  # fmt: skip
_NOTHING = "– –"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One value, or systolic, diastolic and mean of one measurement (`paired`)."""

    place: Place
    values: tuple[Value, ...]
    text: str
    mean: str | None = None
    paired: bool = False

    @property
    def oldest(self) -> Value:
        return max(self.values, key=lambda value: value.age_s)

    @property
    def quality(self) -> Quality:
        return max((value.reading.quality for value in self.values), key=_WORST.index)

    @property
    def demo(self) -> bool:
        return any(value.reading.demo for value in self.values)


def arrange(values: Sequence[Value]) -> tuple[list[Tile], list[Value]]:
    """The tiles in the order of layout.csv, and the measured values that are in none."""
    tiles: list[Tile] = []
    rest: list[Value] = []
    found: dict[str, list[Value]] = {}
    for value in values:
        if value.reading.series.channel.role is not Role.MEASURED:
            continue
        if value.place.tile and value.reading.text is None:
            found.setdefault(value.place.tile, []).append(value)
        else:
            rest.append(value)
    for members in found.values():
        if members[0].place.part:
            tiles += _by_measurement(members)
        else:
            shown = _preferred(members)
            tiles += [_single(value) for value in shown]
            rest += [value for value in members if value not in shown]
    return tiles, sorted(rest, key=lambda value: value.place.order)


def _preferred(members: Sequence[Value]) -> list[Value]:
    """Of the tile's codes the first with a current value; of a device that gives it in several units, one unit."""
    first = next((v for v in members if v.text is not None and not v.old), members[0])
    same = [v for v in members if v.reading.series.channel.code == first.reading.series.channel.code]
    units: dict[tuple[str, str], str] = {}
    for value in sorted(same, key=lambda v: second_choice(v.reading.series.channel.unit)):
        units.setdefault(_origin(value), value.reading.series.channel.unit)
    return [v for v in same if v.reading.series.channel.unit == units[_origin(v)]]


def _origin(value: Value) -> tuple[str, str]:
    series = value.reading.series
    return series.device, series.channel.site


def _by_measurement(members: Sequence[Value]) -> list[Tile]:
    """Systolic, diastolic and mean make one tile where it is sure that they belong together."""
    sites: dict[tuple[str, str], list[Value]] = {}
    for value in members:
        sites.setdefault(_origin(value), []).append(value)
    tiles: list[Tile] = []
    for group in sites.values():
        parts = {value.place.part: value for value in group}
        times = [value.reading.time_us for value in group]
        codes = {value.place.tile: None for value in group}
        sure = len(parts) == len(group) > 1 and len(codes) == 1 and max(times) - min(times) <= TOGETHER_US
        tiles += [_pair(group, parts)] if sure else [_single(value) for value in group]
    return tiles


def _pair(group: Sequence[Value], parts: dict[str, Value]) -> Tile:
    def text(part: str) -> str | None:
        return parts[part].text if part in parts else None

    pressures = [text("sys"), text("dia")]
    some = any(pressure is not None for pressure in pressures)
    return Tile(
        place=group[0].place,
        values=tuple(group),
        text="/".join(pressure or "–" for pressure in pressures) if some else _NOTHING,
        mean=text("mean"),
        paired=True,
    )


def _single(value: Value) -> Tile:
    return Tile(place=value.place, values=(value,), text=_NOTHING if value.text is None else value.text)
