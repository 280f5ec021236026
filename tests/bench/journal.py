from collections.abc import Iterator
from tests.bench.report import Row


def rows() -> Iterator[Row]:
    yield Row(what="x", unit="")
