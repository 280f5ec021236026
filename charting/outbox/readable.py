"""What a message holds, for a person to read."""

import json
from contextlib import suppress

from collector.hl7.message import MessageError, parse

LONGEST = 20_000
"""Characters; the rest of a document in a field tells nobody anything."""


def readable(body: bytes, content_type: str) -> str:
    """A segment a line, JSON indented, else the text as it is; what is no text is shown with U+FFFD."""
    text = _hl7(body) if "hl7" in content_type or body[:3] == b"MSH" else _plain(body)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _hl7(body: bytes) -> str:
    try:
        charset = parse(body).charset
    except MessageError:
        charset = "utf-8"
    return body.decode(charset, "replace").replace("\r", "\n").strip()


def _plain(body: bytes) -> str:
    with suppress(ValueError, RecursionError):
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    return body.decode("utf-8", "replace")
