"""Where messages go: `[[destination]]` of the charting's file."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from collector.config import AbsolutePath, Section
from collector.hl7.message import CHARSETS

Takes = Literal["vitals", "alarms", "documents", "codes", "charges", "advice"]


def _charset(value: str) -> str:
    if value.upper() not in CHARSETS:
        raise ValueError(f"expected one of {', '.join(CHARSETS)}")
    return value.upper()


def _url(value: str) -> str:
    said = 'expected "mllp://HOST:PORT", "mllps://HOST:PORT" for TLS, or "https://HOST/…"'
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        raise ValueError(said) from None
    if url.scheme not in {"mllp", "mllps", "http", "https"} or not url.hostname or re.search(r"[\s\x00-\x1f]", value):
        raise ValueError(said)
    if url.scheme.startswith("mllp") and (not port or url.path.strip("/")):
        raise ValueError(said)
    if url.username is not None or url.password is not None or url.query or url.fragment:
        raise ValueError("a name, a password or a query does not belong into the URL")
    return value.rstrip("/")


class Destination(Section):
    """`url`: mllp://HOST:PORT, mllps://HOST:PORT, http:// or https://…; `takes`: what it is sent. `charset`: MSH-18.

    A secret that goes into the header Authorization of HTTP is the systemd credential `destination-NAME`.
    `application`, `facility`: MSH-5 and 6. `ca`: whose certificates it has to have; without, the system's.
    `answer_s`: how long an answer is waited for.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    url: Annotated[str, AfterValidator(_url)]
    takes: tuple[Takes, ...]
    charset: Annotated[str, AfterValidator(_charset)] = "UNICODE UTF-8"
    application: str = "HIS"
    facility: str = ""
    ca: AbsolutePath | None = None
    answer_s: Annotated[float, Field(gt=0, le=300)] = 10.0
