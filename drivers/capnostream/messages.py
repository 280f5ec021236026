"""Codes of commands and responses, and the commands that this driver sends (fact sheet small-devices §4)."""

import re
from collections.abc import Mapping

from drivers.capnostream.frames import encode

ENABLE, DISABLE, START, STOP, LINK_ACTIVE, ASK_REVISION, CONFIGURE, ASK_PATIENT = 1, 2, 4, 5, 6, 9, 10, 11
IPI_ON = b"\x01\x01"
"""Of CONFIGURE: send the message of the integrated pulmonary index as well."""

WAVE, NUMERICS, PATIENT, ITEM, DEVICE, REVISION, CONFIGURED, PATIENT_UNICODE = 0, 1, 2, 3, 4, 9, 10, 12
NEW_PATIENT, NEW_PATIENT_UNICODE = 57, 58
KINDS: Mapping[int, str] = {
    WAVE: "wave",
    NUMERICS: "numerics",
    PATIENT: "patient",
    ITEM: "item",
    DEVICE: "device",
    REVISION: "revision",
    CONFIGURED: "configured",
    PATIENT_UNICODE: "patient",
    21: "events",
    22: "events",
    55: "trend",
    56: "trend",
    NEW_PATIENT: "new patient",
    NEW_PATIENT_UNICODE: "new patient",
    60: "setup",
}

SENT = (
    encode(ENABLE),
    encode(CONFIGURE, IPI_ON),
    encode(START),
    encode(LINK_ACTIVE),
    encode(ASK_REVISION),
    encode(ASK_PATIENT),
    encode(STOP),
    encode(DISABLE),
)
SENDS = re.compile(b"(?:" + b"|".join(re.escape(frame) for frame in SENT) + b")*", re.DOTALL)
"""Reading and the courtesy of the link. Never 7, 8, 60, 61 or 62, which set something."""
