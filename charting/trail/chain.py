"""The hash chain of the audit trail: what is hashed, and how a chain is checked. Pure."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from charting.trail.entries import Entry, to_json


def text_of(entry: Entry) -> str:
    """The entry as it is hashed: JSON with sorted keys, no spaces, UTF-8 as it is."""
    said = {
        "seq": entry.seq,
        "at_us": entry.at_us,
        "actor": entry.actor,
        "case": entry.case,
        "body": to_json(entry.body),
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(before: str, text: str) -> str:
    """SHA-256, hex, of the hash before ("" before the first entry) and an entry's text."""
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def chained(before: str, entry: Entry) -> Entry:
    return replace(entry, hash=digest(before, text_of(entry)))


def breaks(entries: Iterable[Entry]) -> Iterator[str]:
    """What is wrong with a chain from its beginning, a line each, in English: holes and hashes that do not follow."""
    before, expected = "", 1
    for entry in entries:
        if entry.seq != expected:
            yield f"entry {expected} is missing: {entry.seq} follows {expected - 1}"
        elif entry.hash != digest(before, text_of(entry)):
            yield f"entry {entry.seq} is not what was written, or what stood before it is not"
        before, expected = entry.hash, entry.seq + 1
