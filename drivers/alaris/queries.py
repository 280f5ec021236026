"""All that this driver can ever send: eight questions (fact sheet small-devices §14).

A pump takes commands on the same line. A member of Query is the only thing from which something to be sent is made; no
text, number or byte from anywhere else has a way into it, and none of them has an argument.
"""

import re
from collections.abc import Mapping
from enum import Enum

from drivers.alaris.frames import encode


class Query(Enum):
    """What a logger may ask. Without a field behind it each is a question."""

    SERIAL = "INST_SERIALNO"
    PROTOCOL = "COMMS_PROTOCOL"
    INFUSION = "INF"
    RATE = "INF_RATE"
    VOLUME = "INF_VI"
    VTBI = "INF_VTBI"
    SYRINGE = "SYRINGE_STATUS"
    MAX_RATE = "INF_RATE_MAX_SYRINGE"


FRAMES: Mapping[Query, bytes] = {query: encode(query.value) for query in Query}
"""Query → the bytes that ask it."""

SENDS = re.compile(b"(?:" + b"|".join(re.escape(frame) for frame in FRAMES.values()) + b")*")
