"""The contract of a transport, and ports as the config writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

READ_BYTES = 65_536
"""The most that one read returns: one UDP datagram, or more of a stream than a serial line brings in seconds."""

OPEN_S = 10.0
"""The longest that opening may take; a host that drops packets answers never."""


class Transport(Protocol):
    """An open connection to one device. `datagrams`: each read and write is one datagram."""

    datagrams: bool

    async def read(self) -> bytes:
        """The next bytes; b"" when the other side has ended. Raises LinkError. May be cancelled without loss."""

    async def write(self, data: bytes) -> None:
        """Send all. Raises LinkError."""

    async def close(self) -> None:
        """Close; never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port of the config: serial:///dev/…?baud=…, tcp://HOST:PORT, tcp-listen://…, udp://…, replay:///FILE?…,
    mqtt://HOST:PORT/TOPIC, https://HOST:PORT/PATH. `path` is unquoted.
    """

    text: str
    scheme: str
    path: str = ""
    host: str = ""
    number: int = 0
    settings: Mapping[str, str]


_PATH = {"serial", "replay"}
URL_SCHEMES = ("mqtt", "mqtts", "http", "https")
"""Of a library that owns its socket: a host with a port, and a path that only the driver understands."""
_HOST = {"tcp", "tcp-listen", "udp"} | set(URL_SCHEMES)
_SETTINGS: Mapping[str, Mapping[str, frozenset[str] | None]] = {
    "serial": {
        "baud": None,
        "parity": frozenset("NEOMS"),
        "bytesize": frozenset("5678"),
        "stopbits": frozenset({"1", "1.5", "2"}),
        "rtscts": frozenset("01"),
    },
    "replay": {"speed": None, "start": None},
}
"""Scheme → setting → what it may be; None: checked below."""


def parse_port(text: str, default_number: int | None = None) -> Port:
    """Read a port. Raises ValueError with every reason, one per line."""
    parts = urlsplit(text)
    scheme = parts.scheme
    if scheme not in _PATH | _HOST:
        raise ValueError(f"{text!r} does not begin with one of {', '.join(f'{s}://' for s in sorted(_PATH | _HOST))}")
    wrong: list[str] = []
    host, number = "", 0
    if scheme in _PATH:
        if parts.netloc or not parts.path.startswith("/") or "\0" in unquote(parts.path):
            wrong.append(f"{text!r} must name an absolute path: {scheme}:///PATH")
    else:
        host = parts.hostname or ""
        try:
            number = parts.port or default_number or 0
        except ValueError:
            number = 0
        if not host or not number:
            wrong.append(f"{text!r} must name a host and a port from 1 to 65535: {scheme}://HOST:PORT")
    settings = dict(parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True))  # a + is a zone's sign here
    known = _SETTINGS.get(scheme, {})
    for key, value in settings.items():
        if key not in known:
            wrong.append(f"{text!r}: unknown setting {key!r}; known: {', '.join(known) or 'none'}")
        else:
            allowed = known[key]
            if allowed is not None and value not in allowed:
                wrong.append(f"{text!r}: {key}={value} is not one of {', '.join(sorted(allowed))}")
            if key == "baud" and not (value.isdecimal() and 50 <= int(value) <= 4_000_000):
                wrong.append(f"{text!r}: baud={value} is not a speed from 50 to 4000000")
            if key == "speed" and not _is_speed(value):
                wrong.append(f"{text!r}: speed={value} is neither max nor a number above 0")
            if key == "start" and not _is_time(value):
                wrong.append(f"{text!r}: start={value} is not an ISO time with a zone, like 2024-01-01T08:00:00Z")
    if wrong:
        raise ValueError("\n".join(wrong))
    return Port(text=text, scheme=scheme, path=unquote(parts.path), host=host, number=number, settings=settings)


def _is_time(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_speed(value: str) -> bool:
    if value == "max":
        return True
    try:
        return 0 < float(value) < float("inf")
    except ValueError:
        return False
