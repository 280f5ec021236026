"""A writer to be killed: python -m tests.charting.store.victim DSN. Says how far it has come after each append."""

import sys
import time

from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from charting.trail.entries import Discarded


def main(dsn: str) -> None:
    """Cases a, b, a, b …, each time three entries of one number and the case's row."""
    trail = DatabaseTrail(open_database(dsn, make=True), lambda: time.time_ns() // 1000)
    count = len(list(trail.all())) // 3
    while True:
        trail.append("victim", "ab"[count % 2], [Discarded(reason=str(count))] * 3)
        count += 1
        sys.stdout.write(f"{count}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
