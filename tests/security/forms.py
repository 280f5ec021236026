"""Looks for words of a patient in whatever somebody else could read, however they are written there."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

_CHARSETS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")


def forms(word: str) -> Mapping[str, bytes]:
    """The word in each way in which it might be written, without regard to case but for base64."""
    return dict(_forms(word))


def _forms(word: str) -> Iterator[tuple[str, bytes]]:
    yield "unicode-escape", word.encode("unicode_escape")
    for charset in _CHARSETS:
        raw = word.encode(charset)
        yield charset, raw
        yield f"{charset} hex", raw.hex().encode()
        yield f"{charset} spaced hex", raw.hex(" ").encode()
        yield f"{charset} bytes", repr(raw)[2:-1].encode()
        yield f"{charset} url", quote(raw, safe="").encode()
        for before in range(3):
            whole = base64.b64encode(bytes(before) + raw)
            yield f"{charset} base64 at {before}", whole[(before * 8 + 5) // 6 : len(raw + bytes(before)) * 8 // 6]


def found(text: bytes, words: Sequence[str]) -> list[tuple[str, str]]:
    """Word and form of each that is in there."""
    low = text.lower()
    return [
        (word, name)
        for word in words
        for name, form in forms(word).items()
        if (form in text if "base64" in name else form.lower() in low)
    ]
