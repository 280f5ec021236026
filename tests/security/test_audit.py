"""The audit of what is pinned: against a service that speaks as OSV does, and against none."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools.audit import LOCKS, NOT_REACHED, TOP, main

HASH = "--hash=sha256:" + "0" * 64
JINJA = {
    "id": "PYSEC-2019-217",
    "aliases": ["CVE-2019-10906"],
    "summary": "str.format_map allows a sandbox escape",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
        }
    ],
}
"""As published: what is older than 2.10.1 is affected."""


class _Osv(BaseHTTPRequestHandler):
    """Knows one advisory."""

    asked: list[tuple[str, str]]

    def do_POST(self) -> None:
        question: Any = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name, version = question["package"]["name"], question["version"]
        self.asked.append((name, version))
        old = name == "jinja2" and tuple(map(int, version.split("."))) < (2, 10, 1)
        body = json.dumps({"vulns": [JINJA]} if old else {}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def osv() -> Iterator[str]:
    _Osv.asked = []
    server = HTTPServer(("127.0.0.1", 0), _Osv)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


def lock(folder: Path, pin: str) -> list[Path]:
    (folder / "some.lock").write_text(f"{pin} \\\n    {HASH}\n")
    return [folder / "some.lock"]


def test_a_vulnerable_pin_fails_and_is_named(osv: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(osv, lock(tmp_path, "jinja2==2.10")) == 1
    assert re.search(r"jinja2\s+2\.10\s+PYSEC-2019-217\s+2\.10\.1", capfd.readouterr().out)


def test_a_lock_that_cannot_be_read_fails(osv: str, tmp_path: Path) -> None:
    assert main(osv, lock(tmp_path, "jinja2>=2")) == 1


def test_every_pin_of_the_locks_is_asked_for(osv: str) -> None:
    assert main(osv, [TOP / name for name in LOCKS]) == 0
    for name in LOCKS:
        pins = re.findall(r"(?m)^([a-z0-9.-]+)==(\S+) \\$", (TOP / name).read_text(encoding="utf-8"))
        assert len(pins) > 20
        assert set(pins) <= set(_Osv.asked), "those with a marker are of this Python or another"


def test_a_service_that_is_not_there_is_no_clean_bill(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main("http://127.0.0.1:9/v1/query", lock(tmp_path, "jinja2==2.10")) == NOT_REACHED
    assert "NOT AUDITED" in capfd.readouterr().err
