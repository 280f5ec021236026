"""The scales of the chart's panels. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from charting.page.chart import Numbers, Track
from collector.units import convert


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A scale of a panel from low at the bottom to high at the top, in a UCUM unit, marked every `step`."""

    panel: str
    unit: str
    low: float
    high: float
    step: float
    right: bool = False

    def y(self, values: Numbers, top: float, height: float) -> Numbers:
        """Where values lie, shape as given; what is beyond the scale lies on its edge."""
        share = (np.clip(values, self.low, self.high) - self.low) / (self.high - self.low)
        return np.asarray(top + height * (1.0 - share), dtype=np.float64)

    def ticks(self, top: float, height: float) -> Iterator[tuple[float, float]]:
        values = np.arange(self.low, self.high + self.step / 2, self.step)
        yield from zip(values.tolist(), self.y(values, top, height).tolist(), strict=True)

    def beyond(self, value: float) -> int:
        """1 above the scale, -1 below it, 0 on it."""
        return int(value > self.high) - int(value < self.low)


AXES: Mapping[str, Axis] = {
    "pressure": Axis(panel="circulation", unit="mm[Hg]", low=0, high=240, step=20),
    "rate": Axis(panel="circulation", unit="/min", low=0, high=240, step=20),
    "temperature": Axis(panel="circulation", unit="Cel", low=20, high=40, step=5, right=True),
    "saturation": Axis(panel="breathing", unit="%", low=60, high=100, step=10),
    "co2": Axis(panel="breathing", unit="mm[Hg]", low=0, high=80, step=20, right=True),
    "co2_percent": Axis(panel="breathing", unit="%", low=0, high=12, step=3, right=True),
}
"""Name in chart.csv → scale. 0–240 and 20–40 °C: clinical.md §3.6; the others are our judgement."""


def axis_of(track: Track) -> Axis | None:
    """The first of the track's axes whose unit its own can be converted to."""
    for name in track.line.axes:
        try:
            convert(0.0, track.series.channel.unit, AXES[name].unit)
        except ValueError:
            continue
        return AXES[name]
    return None


def scaled(values: Numbers, unit: str, axis: Axis) -> Numbers:
    """Values of UCUM `unit` in the axis's unit, shape as given. Conversions are straight lines."""
    zero, one = convert(0.0, unit, axis.unit), convert(1.0, unit, axis.unit)
    return zero + values * (one - zero)
