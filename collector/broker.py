"""Where an MQTT broker is, and how it is spoken to."""

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

PORTS = {"mqtt": 1883, "mqtts": 8883}
"""Registered with IANA; `mqtts` is TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """`trust`: what its certificate is checked against, None for plain TCP; `prefix`: what all topics begin with."""

    host: str
    port: int
    tls: bool = False
    trust: ssl.SSLContext | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    version: str = "5"
    prefix: str = "vitalsd"


def broker(url: str) -> Broker:
    """Read mqtt://[USER@]HOST[:PORT] or mqtts://… Raises ValueError, without the URL's text: it may hold a password."""
    said = 'expected "mqtt://HOST:PORT", or "mqtts://HOST:PORT" for TLS'
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(said) from None
    if parts.scheme not in PORTS or not parts.hostname or port == 0 or parts.path.strip("/"):
        raise ValueError(said)
    if parts.query or parts.fragment or re.search(r"[\s\x00-\x1f\x7f]", parts.hostname):
        raise ValueError(said)
    if parts.password is not None:
        raise ValueError("a password does not belong into the URL, but into the systemd credential mqtt-password")
    return Broker(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        user=unquote(parts.username) if parts.username else None,
    )


def trust(ca: Path | None) -> ssl.SSLContext:
    """What a server's certificate is checked against: a file of authorities, or the system's. Raises ValueError."""
    try:
        return ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise ValueError(f"{ca} holds no certificate in PEM form") from None
    except OSError as error:
        raise ValueError(f"{ca}: {error.strerror}") from None
