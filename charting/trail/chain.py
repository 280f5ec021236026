"""The hash chain of the audit trail: what is hashed, and how a chain is checked. Pure."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from charting.trail.entries import Entry, to_json

_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


def text_of(entry: Entry) -> str:
    """The entry as it is hashed: JSON with sorted keys, no spaces, UTF-8 as it is. Raises ValueError for NaN and ±∞."""
    said = {
        "seq": entry.seq,
        "at_us": entry.at_us,
        "actor": entry.actor,
        "case": entry.case,
        "body": to_json(entry.body),
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(before: str, text: str) -> str:
    """SHA-256, hex, of the hash before ("" before the first entry) and an entry's text."""
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def chained(before: str, entry: Entry) -> Entry:
    return replace(entry, hash=digest(before, text_of(entry)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry as it is stored: the very text that was hashed, and the hash."""

    seq: int
    text: str
    hash: str

    @property
    def entry(self) -> Entry:
        """Raises ValueError for a text that holds no entry."""
        return replace(_ENTRY.validate_json(self.text), hash=self.hash)


def link_of(entry: Entry) -> Link:
    return Link(seq=entry.seq, text=text_of(entry), hash=entry.hash)


def breaks(links: Iterable[Link], head: tuple[int, str] | None = None) -> Iterator[str]:
    """What is wrong with a chain from its beginning, a line each, in English: holes, and hashes that do not follow.

    head: seq and hash that the last link must have, kept apart from the entries: it shows a tail that was cut off.
    """
    before, expected = "", 1
    for link in links:
        if link.seq != expected:
            yield f"entry {expected} is missing: {link.seq} follows {expected - 1}"
        elif link.hash != digest(before, link.text):
            yield f"entry {link.seq} is not what was written, or what stood before it is not"
        before, expected = link.hash, link.seq + 1
    if head is not None and head != (expected - 1, before):
        yield f"the last entry is {expected - 1} {before}, but {head[0]} {head[1]} was the last to be written"
