"""A TimescaleDB of the bench's own, durable as in service, with a new and empty database for each question."""

from collections.abc import Iterator
from contextlib import contextmanager

from collector.migrate import migrate
from tests.timescale import Server, cache, database, locked


@contextmanager
def server() -> Iterator[str]:
    """The DSN of a server that does fsync, started afresh; one bench at a time has it."""
    folder = cache() / "bench"
    folder.mkdir(exist_ok=True)
    with locked(folder / "lock"):
        one = Server(folder)
        if one.running():  # an interrupted bench left it
            one.stop()
        one.forget()
        one.start()
        try:
            yield one.dsn
        finally:
            one.stop()
            one.forget()


@contextmanager
def store(dsn: str) -> Iterator[str]:
    """The DSN of a new database on a server with the newest schema."""
    with database(dsn) as new:
        migrate(new)
        yield new
