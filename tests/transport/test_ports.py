import socket

import pytest

from collector.transport.base import parse_port
from collector.transport.net import free_port


@pytest.mark.parametrize(
    ("text", "scheme", "path", "host", "number", "settings"),
    [
        ("serial:///dev/serial/by-id/a%20b?baud=19200&parity=E", "serial", "/dev/serial/by-id/a b", "", 0,
         {"baud": "19200", "parity": "E"}),
        ("tcp://10.0.0.7:4601", "tcp", "", "10.0.0.7", 4601, {}),
        ("tcp-listen://0.0.0.0:3100", "tcp-listen", "", "0.0.0.0", 3100, {}),
        ("udp://[fe80::1]:24105", "udp", "", "fe80::1", 24105, {}),
        ("replay:///x/y.raw?speed=max&start=2024-01-01T00:00:00Z", "replay", "/x/y.raw", "", 0,
         {"speed": "max", "start": "2024-01-01T00:00:00Z"}),
    ],
)  # fmt: skip
def test_ports_are_read(text: str, scheme: str, path: str, host: str, number: int, settings: dict[str, str]) -> None:
    port = parse_port(text)
    assert (port.scheme, port.path, port.host, port.number, dict(port.settings)) == (
        scheme,
        path,
        host,
        number,
        settings,
    )


def test_a_time_may_be_of_any_zone() -> None:
    port = parse_port("replay:///f?start=2024-01-01T08:00:00+08:00")
    assert port.settings["start"] == "2024-01-01T08:00:00+08:00"


def test_a_driver_lends_its_port_number() -> None:
    assert parse_port("udp://10.0.0.7", 24105).number == 24105


@pytest.mark.parametrize(
    "text",
    ["", "COM3", "ftp://a:1", "serial://dev/x", "serial:relative", "tcp://host", "tcp://:80", "udp://h:70000", "udp://h:x",
     "serial:///dev/x?baud=0", "serial:///dev/x?parity=Q", "replay:///f?speed=0", "replay:///f?speed=nan",
     "replay:///f?start=yesterday", "replay:///%00", "tcp://h:1?baud=1"],
)  # fmt: skip
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_port(text)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_free_port_is_free_and_none_that_is_given_to_others(kind: socket.SocketKind) -> None:
    held = []
    for _ in range(20):
        number = free_port(kind)
        assert number < 32_768, "from there on Linux gives ports to whoever asks for any"
        held.append(socket.socket(socket.AF_INET, kind))
        held[-1].bind(("127.0.0.1", number))
    for one in held:
        one.close()
