"""The hypothermia rule over a department's day."""

from collections.abc import Iterator

from tests.bench.report import Row


def rows() -> Iterator[Row]:
    yield Row(what="hypothermia, 100 beds × 24 h", unit="s", budget=1.0, note="the rule is not built yet")
