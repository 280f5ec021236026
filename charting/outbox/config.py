"""Where messages go: `[[destination]]` of the charting's file."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from collector.config import AbsolutePath, Name, Section
from collector.hl7.message import CHARSETS

Takes = Literal["vitals", "alarms", "documents", "codes", "charges", "subscriptions", "advice"]


def _charset(value: str) -> str:
    if value.upper() not in CHARSETS:
        raise ValueError(f"expected one of {', '.join(CHARSETS)}")
    return value.upper()


class Destination(Section):
    """`url`: mllp://HOST:PORT, mllps://HOST:PORT, http:// or https://…; `takes`: what it is sent. `charset`: MSH-18.

    `application`, `facility`: MSH-5 and 6. `ca`: whose certificates it has to have; without, the system's.
    `answer_s`: how long an answer is waited for.
    """

    name: Name
    url: Annotated[str, Field(pattern=r"^(mllps?|https?)://[^\s]+$")]
    takes: tuple[Takes, ...]
    charset: Annotated[str, AfterValidator(_charset)] = "UNICODE UTF-8"
    application: str = "HIS"
    facility: str = ""
    ca: AbsolutePath | None = None
    answer_s: Annotated[float, Field(gt=0, le=300)] = 10.0
