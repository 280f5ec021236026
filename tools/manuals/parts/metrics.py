"""Metrics of a bed's daemon and of the charting service, as they are declared."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import Counter, Info, MetricWrapperBase

from charting.metrics import Metrics as OfCharting
from collector.metrics import Metrics as OfBed
from tools.manuals.parts.tables import code, table
from tools.manuals.words import Words


def bed(words: Words) -> str:
    return _table(OfBed("OR-03", lambda: 0).registry, words)


def charting(words: Words) -> str:
    return _table(OfCharting().registry, words)


def _table(registry: CollectorRegistry, words: Words) -> str:
    heads = [words(key) for key in ("metric", "kind", "labels", "meaning")]
    rows = [
        [code(name), kind, ", ".join(map(code, labels)), words.given(f"metric.{name}", help_)]
        for name, kind, labels, help_ in sorted(_declared(registry))
    ]
    return table(heads, rows)


def _declared(registry: CollectorRegistry) -> Iterable[tuple[str, str, list[str], str]]:
    """Name as scraped, type, labels, help."""
    for collector in set(registry._collector_to_names):  # noqa: SLF001  the library tells of labels nowhere else
        if isinstance(collector, MetricWrapperBase):
            (family,) = collector.describe()
            ending = {Counter: "_total", Info: "_info"}.get(type(collector), "")
            given = family.samples[0].labels if isinstance(collector, Info) and family.samples else {}
            labels = [*collector._labelnames, *given]  # noqa: SLF001
            yield f"{family.name}{ending}", family.type, labels, family.documentation
        else:
            for family in collector.collect():
                yield family.name, family.type, list(getattr(family, "_labelnames", ())), family.documentation
