"""Progress of long work, on a terminal only."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY_S = 0.2


@contextmanager
def counter(what: str) -> Iterator[Callable[[int], None]]:
    """Gives a function that is told how many there are so far; where stderr is a terminal, a line shows it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    shown_s = 0.0

    def show(count: int) -> None:
        nonlocal shown_s
        if time.monotonic() - shown_s >= EVERY_S:
            shown_s = time.monotonic()
            sys.stderr.write(f"\r{count:,} {what} ")
            sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
