"""The server that the suite provides: real, separate for each test, and it survives being killed."""

from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tests.timescale import Server, cache


@pytest.mark.parametrize("server", ["timescale"], indirect=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_empty_database_with_the_extension(database: str, turn: int) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("create table reading (time timestamptz not null, value float8)")
        connection.execute("select create_hypertable('reading', by_range('time'))")
        connection.execute("insert into reading values ('2026-01-01', %s)", [turn])
        assert connection.execute("select value from reading").fetchall() == [(turn,)]
        assert connection.execute("show timescaledb.license").fetchone() in {("apache",), ("timescale",)}


def test_a_killed_server_comes_back_with_what_was_committed() -> None:
    with TemporaryDirectory(dir=cache(), prefix="killed-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = Server(folder)
        server.start()
        try:
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                connection.execute("create table reading (value float8)")
                connection.execute("insert into reading values (36.6)")
            server.kill()
            server.start()
            with psycopg.connect(server.dsn) as connection:
                assert connection.execute("select value from reading").fetchall() == [(36.6,)]
        finally:
            server.stop()
