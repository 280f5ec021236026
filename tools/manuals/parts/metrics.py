"""Metrics of a bed's daemon and of the charting service, as they are declared."""

from collections.abc import Sequence

from charting.metrics import declared as of_charting
from collector.exposition import Declared
from collector.metrics import declared as of_bed
from tools.manuals.parts.tables import code, table
from tools.manuals.words import Words


def bed(words: Words) -> str:
    return _table(of_bed(), words)


def charting(words: Words) -> str:
    return _table(of_charting(), words)


def _table(metrics: Sequence[Declared], words: Words) -> str:
    heads = [words(key) for key in ("metric", "kind", "labels", "meaning")]
    rows = [
        [code(each.name), each.kind, ", ".join(map(code, each.labels)), words.given(f"metric.{each.name}", each.help)]
        for each in sorted(metrics, key=lambda each: each.name)
    ]
    return table(heads, rows)
