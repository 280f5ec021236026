"""What may be sent to a rack of pumps: three questions, and two single-byte answers. There is nothing else.

Every outgoing byte of this driver is made here, from a member of Request or Reply (small-devices §12).
"""

import re
from enum import Enum

from drivers.bbraun_bcc.frames import BED, encode, stuffed


class Request(Enum):
    """The requests of BCC that this driver knows; BCC itself has none that sets anything."""

    ALIVE = b"ADMIN:ALIVE"
    VERSION = b"ADMIN:VERSION"
    MEMORY = b"MEM:GET"


class Reply(Enum):
    """The answers to a block: it was right, or it is to be sent again."""

    ACK = b"\x06"
    NAK = b"\x15"


ANY_BED = b"1"
"""The bed to name before the rack has told its own (I0022_000030 §3.2.4)."""


def framed(what: Request, bed: bytes, *, stuff: bool) -> bytes:
    """A request's frame."""
    return encode(bed, what.value, stuff=stuff)


def _pattern() -> bytes:
    commands = b"|".join(re.escape(text) for what in Request for text in (what.value, stuffed(what.value)))
    frame = rb"\x01[0-9]{5}\x02(?:" + BED + rb"){1,2}/1/1>(?:" + commands + rb")\x03[0-9]{5}\x04"
    answers = b"|".join(re.escape(answer.value) for answer in Reply)
    return b"(?:" + frame + b"|" + answers + b")*"


SENDS = re.compile(_pattern())
IDENTIFICATION = (framed(Request.ALIVE, ANY_BED, stuff=True), framed(Request.ALIVE, ANY_BED, stuff=False))
