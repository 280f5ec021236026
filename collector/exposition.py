"""Declares metrics, shows them to Prometheus, and reads what it would. Only this file imports its client library."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
COUNTED = "_total"
"""How the name of what only grows ends, and of nothing else."""

Labels = tuple[str, ...]

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series of each counter that nobody asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A metric. `name`: as it is scraped; `kind`: counter, gauge or histogram."""

    name: str
    kind: str
    labels: Labels = ()
    help: str


@dataclass(slots=True, eq=False)
class Told:
    """Numbers that somebody else keeps, as he told them last; of what nobody has told there is no number."""

    values: Mapping[Labels, float] = field(default_factory=dict)

    def set(self, value: float, *labels: str) -> None:
        self.values = {**self.values, labels: value}

    def clear(self) -> None:
        self.values = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Computed(Collector):
    """Shows what `values` gives when it is asked for."""

    declared: Declared
    values: Callable[[], Mapping[Labels, float]]

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        of = CounterMetricFamily if self.declared.kind == "counter" else GaugeMetricFamily
        family = of(self.declared.name, self.declared.help, labels=self.declared.labels)
        for labels, value in self.values().items():
            family.add_metric(labels, value)
        yield family


def samples(text: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    """Name, labels and value of each that a process exposes. Raises ValueError for a text that is none."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


class Exposition:
    """The metrics of one process, its own (process_…) among them, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._declared: list[Declared] = []
        for family in ProcessCollector(registry=self._registry).collect():
            name = f"{family.name}{COUNTED}" if family.type == "counter" else family.name
            self._declared.append(Declared(name=name, kind=family.type, help=family.documentation))

    @property
    def declared(self) -> Sequence[Declared]:
        """Every metric that there is, whether or not it has a value."""
        return tuple(self._declared)

    def counter(self, name: str, help_: str, labels: Labels = ()) -> Counter:
        self._declare(name, "counter", help_, labels)
        return Counter(name, help_, labels, registry=self._registry)

    def gauge(self, name: str, help_: str, labels: Labels = ()) -> Gauge:
        self._declare(name, "gauge", help_, labels)
        return Gauge(name, help_, labels, registry=self._registry)

    def histogram(self, name: str, help_: str, labels: Labels = (), *, buckets: Sequence[float]) -> Histogram:
        self._declare(name, "histogram", help_, labels)
        return Histogram(name, help_, labels, buckets=buckets, registry=self._registry)

    def computed(
        self, name: str, help_: str, labels: Labels = (), *, values: Callable[[], Mapping[Labels, float]]
    ) -> None:
        """A counter (by its name) or a gauge whose values are asked for at each scrape."""
        declared = self._declare(name, "counter" if name.endswith(COUNTED) else "gauge", help_, labels)
        self._registry.register(_Computed(declared=declared, values=values))

    def told(self, name: str, help_: str, labels: Labels = ()) -> Told:
        """The same of what is told from time to time."""
        told = Told()
        self.computed(name, help_, labels, values=lambda: told.values)
        return told

    def text(self) -> bytes:
        """What Prometheus scrapes."""
        return generate_latest(self._registry)

    def _declare(self, name: str, kind: str, help_: str, labels: Labels) -> Declared:
        declared = Declared(name=name, kind=kind, labels=labels, help=help_)
        self._declared.append(declared)
        return declared
