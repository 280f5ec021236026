"""What the proxy does to a connection is seen at both of its ends."""

import threading
import time

import psycopg
import pytest

from collector.verify.proxy import Link, Proxy
from tests.store.delivering import rows, until


def test_a_cut_or_reset_connection_ends_and_the_next_one_works(database: str) -> None:
    with Proxy(database) as proxy:
        for end in (proxy.cut, proxy.reset):
            connection = psycopg.connect(proxy.dsn, autocommit=True)
            assert connection.execute("select 1").fetchone() == (1,)
            end()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("select 1")
            connection.close()


def test_while_it_is_not_open_nobody_is_let_in(database: str) -> None:
    with Proxy(database) as proxy:
        proxy.open = False
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(proxy.dsn)
        proxy.open = True
        psycopg.connect(proxy.dsn).close()


def test_what_is_delayed_comes_later(database: str) -> None:
    with Proxy(database) as proxy, psycopg.connect(proxy.dsn, autocommit=True) as connection:
        proxy.delay_s = 0.1
        begin_s = time.monotonic()
        connection.execute("select 1")
        assert time.monotonic() - begin_s >= 0.2
        proxy.delay_s = 0.0


@pytest.mark.parametrize(("act", "committed"), [(Link.swallow_answer, True), (Link.cut, False), (Link.reset, False)])
def test_a_commit_or_its_answer_is_made_away_with(database: str, act: object, committed: bool) -> None:
    def at_commit(link: Link) -> bool:
        act(link)  # type: ignore[operator]
        return committed

    with Proxy(database, at_commit) as proxy:
        connection = psycopg.connect(proxy.dsn)
        connection.execute("create table made(n integer)")
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
        connection.close()
    count = "select count(*) from pg_tables where tablename = 'made'"
    until(lambda: rows(database, count) == [(int(committed),)], "the transaction's end")


def test_a_commit_may_come_when_its_client_has_gone(database: str) -> None:
    held: list[Link] = []
    cut = threading.Event()

    def at_commit(link: Link) -> bool:
        link.cut_client()
        held.append(link)
        cut.set()
        return False

    with Proxy(database, at_commit) as proxy:
        connection = psycopg.connect(proxy.dsn)
        connection.execute("create table late(n integer)")
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
        connection.close()
        assert cut.wait(60)
        count = "select count(*) from pg_tables where tablename = 'late'"
        assert rows(database, count) == [(0,)]
        held[0].commit()
        until(lambda: rows(database, count) == [(1,)], "the late commit")
