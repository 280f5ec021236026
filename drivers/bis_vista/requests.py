"""Messages by number, and the few of them that this driver sends (fact sheet small-devices §1)."""

import re
import struct
from collections.abc import Mapping

from drivers.bis_vista.frames import encode

RAW_ON, RAW_OFF, PROCESSED_ON, PROCESSED_OFF = 111, 112, 115, 116
IMPEDANCE_ON, IMPEDANCE_OFF, ERROR_ON, ERROR_OFF, REVISION_SEND = 1000, 1001, 1002, 1003, 1004
EVENT_ON, EVENT_OFF, EXTRA_ON, EXTRA_OFF = 1014, 1015, 1019, 1020

RAW, PROCESSED, PROCESSED_SPECTRA = 50, 52, 53
IMPEDANCE, ERROR, REVISION, EVENT, EXTRA, EXTRA_SPECTRA = 1100, 1101, 1102, 1115, 1120, 1121

RATE_HZ = 128

DATA_SERVER, EXTRAS, SERIAL_SERVER = 4, 5, 6
ROUTING: Mapping[int, int] = {
    RAW_ON: DATA_SERVER,
    RAW_OFF: DATA_SERVER,
    PROCESSED_ON: DATA_SERVER,
    PROCESSED_OFF: DATA_SERVER,
    EXTRA_ON: EXTRAS,
    EXTRA_OFF: EXTRAS,
    REVISION_SEND: SERIAL_SERVER,
    IMPEDANCE_ON: SERIAL_SERVER,
    IMPEDANCE_OFF: SERIAL_SERVER,
    ERROR_ON: SERIAL_SERVER,
    ERROR_OFF: SERIAL_SERVER,
    EVENT_ON: SERIAL_SERVER,
    EVENT_OFF: SERIAL_SERVER,
}
"""4, 5 and 6 were seen for processed and raw data, extra variables and revision. That impedance, error and event
messages take the way of the revision is a guess: their numbers are of the same family."""


def request(message: int, data: bytes = b"", *, sequence: int = 0, number: int = 0) -> bytes:
    """A whole request."""
    return encode(message, data, routing=ROUTING[message], sequence=sequence, number=number)


def processed(*, spectra: bool) -> bytes:
    """The data of PROCESSED_ON."""
    return bytes((spectra,))


RAW_DATA = struct.pack("<H", RATE_HZ)
"""The data of RAW_ON."""


def _pattern(message: int, data: bytes = b"") -> bytes:
    head = re.escape(struct.pack("<HH", 12 + len(data), 1) + struct.pack("<II", ROUTING[message], message))
    return head + b".." + re.escape(struct.pack("<H", len(data)) + data)


SENDS = re.compile(
    rb"(?:\xba\xab..(?:"
    + b"|".join(
        (
            _pattern(PROCESSED_ON, processed(spectra=False)),
            _pattern(PROCESSED_ON, processed(spectra=True)),
            _pattern(RAW_ON, RAW_DATA),
            *(_pattern(message) for message in ROUTING if message not in {PROCESSED_ON, RAW_ON}),
        )
    )
    + rb")..)*",
    re.DOTALL,
)
"""Whole requests for data that the monitor has, and their ends."""
