"""Browsers: what is kept of them, how often, and of which of their pages."""

from dataclasses import replace

import pytest
import structlog

from charting.fleet.central import CLIENT_KEPT_US, Client, MemoryOperations, Operations
from charting.fleet.clients import Clients, browser
from charting.store.database import Database
from charting.store.operations import DatabaseOperations
from collector.errors import VitalsdError
from tests.charting.clock import Clock

CLIENT = Client(
    id="b1", account="ann", version="0.6.0+1", agent="Chrome 138 Windows", page="case", seen_us=10 * CLIENT_KEPT_US
)


class OperationsContract:
    def test_a_browser_is_one_row_and_the_last_seen_is_first(self, operations: Operations) -> None:
        operations.keep(CLIENT)
        operations.keep(replace(CLIENT, id="b2", seen_us=CLIENT.seen_us + 2))
        moved = replace(CLIENT, page="record", account="bob", version="0.7.0+1", seen_us=CLIENT.seen_us + 3)
        operations.keep(moved)
        assert [client.id for client in operations.clients()] == ["b1", "b2"]
        assert operations.clients()[0] == moved

    def test_one_that_was_not_seen_for_long_is_forgotten(self, operations: Operations) -> None:
        operations.keep(CLIENT)
        operations.keep(replace(CLIENT, id="b2", seen_us=CLIENT.seen_us + CLIENT_KEPT_US))
        assert [client.id for client in operations.clients()] == ["b2", "b1"]
        operations.keep(replace(CLIENT, id="b3", seen_us=CLIENT.seen_us + CLIENT_KEPT_US + 1))
        assert [client.id for client in operations.clients()] == ["b3", "b2"]

    def test_nothing_was_run_or_made_at_first(self, operations: Operations) -> None:
        assert (dict(operations.runs()), list(operations.reports())) == ({}, [])


class TestMemoryOperations(OperationsContract):
    @pytest.fixture
    def operations(self) -> Operations:
        return MemoryOperations()


@pytest.mark.parametrize("charting_dsn", ["sqlite", "timescale"], indirect=True)
class TestDatabaseOperations(OperationsContract):
    @pytest.fixture
    def operations(self, charting: Database) -> Operations:
        return DatabaseOperations(charting)


class Browsers:
    def __init__(self) -> None:
        self.clock = Clock(CLIENT.seen_us)
        self.operations = MemoryOperations()
        self.clients = Clients(self.operations, "0.6.0+2", self.clock.now_us, structlog.get_logger())

    def tell(self, version: str = "0.6.0+2", page: str = "case", id_: str = "b1") -> None:
        self.clients.tell(id_=id_, account="ann", version=version, agent="", page=page)


@pytest.fixture
def browsers() -> Browsers:
    return Browsers()


def test_a_browser_is_kept_once_a_minute_however_often_it_tells(browsers: Browsers) -> None:
    first_us = browsers.clock.at_us
    for _ in range(29):
        browsers.tell()
        browsers.clock.go(2)
    assert [client.seen_us for client in browsers.operations.clients()] == [first_us]
    browsers.clock.go(2)
    browsers.tell()
    assert [client.seen_us for client in browsers.operations.clients()] == [first_us + 60_000_000]


def test_of_two_open_pages_the_old_one_is_told(browsers: Browsers) -> None:
    browsers.tell()
    browsers.clock.go(58)
    browsers.tell(version="0.5.0+1", page="record")
    browsers.clock.go(2)
    browsers.tell()
    assert [(c.version, c.page) for c in browsers.operations.clients()] == [("0.5.0+1", "record")]
    browsers.clock.go(60)
    browsers.tell()
    assert [(c.version, c.page) for c in browsers.operations.clients()] == [("0.6.0+2", "case")]


def test_what_cannot_be_kept_is_told_again_and_breaks_no_page(
    browsers: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Client) -> None:
        raise VitalsdError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(browsers.operations, "keep", fail)
        browsers.tell()
    browsers.clock.go(60)
    browsers.tell()
    assert len(browsers.operations.clients()) == 1


CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (CHROME, "Chrome 138 Windows"),
        (f"{CHROME} Edg/138.0.3351.55", "Edge 138 Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140 Linux"),
        (
            "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1 Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari 17 iOS",
        ),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)
def test_of_a_browser_its_name_its_number_and_its_system_are_kept(agent: str, expected: str) -> None:
    assert browser(agent) == expected
