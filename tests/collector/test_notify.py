import socket
from pathlib import Path

import pytest

from collector.notify import notify, watchdog_s


def test_what_systemd_is_told_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"{tmp_path}/notify")
        monkeypatch.setenv("NOTIFY_SOCKET", f"{tmp_path}/notify")
        notify("READY=1")
        assert systemd.recv(100) == b"READY=1"


def test_a_systemd_that_does_not_listen_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", f"{tmp_path}/gone")
    notify("READY=1")


def test_the_watchdog_is_fed_twice_as_often_as_systemd_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert watchdog_s() == 15.0
