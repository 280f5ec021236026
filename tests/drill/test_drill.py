"""A drill of twelve seconds on scratch: what it measures, and that it leaves nothing behind."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from collector.drill.page import Page
from tests.system.command import run
from tests.verify.owning import owner


def bed(folder: Path, timescale: str) -> Path:
    path = folder / "bed.toml"
    path.write_text(
        '[bed]\nid = "OR-9"\n[[device]]\nname = "monitor"\ndriver = "ge-datex-dri"\nport = "serial:///dev/no-such"\n'
        f'[journal]\npath = "{folder}/journal.db"\n{timescale}',
        encoding="utf-8",
    )
    return path


@pytest.mark.timeout(240)
def test_an_outage_is_noticed_printed_and_made_up_for(
    tmp_path: Path, timescale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    with owner(timescale) as dsn:
        done = run("drill", bed(tmp_path, f'[timescale]\ndsn = "{dsn}"\n'), "--minutes", "0.2", "--json", timeout_s=200)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert 12.0 <= told["outage_s"] < 60.0
    assert 0.0 < told["notice_s"] < told["sheet_s"] < told["outage_s"]
    assert told["local_s"] is None
    assert told["store_age_s"] > told["outage_s"]
    assert told["bed_age_s"] < told["outage_s"]
    assert min(told["live_s"], told["backlog_s"]) > 0.0
    assert (told["lost"], told["duplicated"], told["invented"], told["broken"]) == (0, 0, 0, [])
    assert min(told["compared"], told["said"], told["judged"]) > 1_000
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "journal.db").exists()


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_after_two_minutes_the_bed_says_that_it_works_alone(tmp_path: Path, timescale: str) -> None:
    done = run(
        "drill", bed(tmp_path, f'[timescale]\ndsn = "{timescale}"\n'), "--minutes", "2.5", "--json", timeout_s=500
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert 118.0 < told["local_s"] <= 125.0, "the gateway looks at its sinks each second"
    assert (told["lost"], told["duplicated"], told["invented"]) == (0, 0, 0)


def test_without_a_server_nothing_is_tried(tmp_path: Path) -> None:
    done = run("drill", bed(tmp_path, ""), "--minutes", "0.1", "--lang", "en")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "NOT TRIED: the configuration has no [timescale]"


def test_a_page_that_does_not_answer_is_told() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        page = Page(deaf.getsockname()[1], "OR-9", ["monitor"])
        assert asyncio.run(page.said()) is None
    assert page.broken == ["the bed's page did not answer /downtime: ConnectionRefusedError"]


class _Bed(BaseHTTPRequestHandler):
    """A page that shows what one device says."""

    asked: int

    def do_GET(self) -> None:
        type(self).asked += 1
        values = [{"device": "monitor", "age_s": 0.25}]
        body = json.dumps({"server": {"state": "reached", "local": False}, "values": values}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def port() -> Iterator[int]:
    _Bed.asked = 0
    with HTTPServer(("127.0.0.1", 0), _Bed) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("devices", "seen"), [(["monitor"], True), (["monitor", "vent"], False)])
def test_a_device_that_the_page_does_not_show_is_not_fresh(port: int, devices: list[str], seen: bool) -> None:
    page = Page(port, "OR-9", devices)

    async def watch() -> None:
        stop = asyncio.Event()
        watching = asyncio.create_task(page.watch(60.0, stop, ""))
        while _Bed.asked < 5:
            await asyncio.sleep(0.02)
        stop.set()
        await watching

    asyncio.run(watch())
    assert page.age_s is not None
    assert (page.age_s == 0.25) == seen
