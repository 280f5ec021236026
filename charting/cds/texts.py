"""Texts that a stranger has written: which can be shown as they are."""

import unicodedata
from urllib.parse import urlsplit

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what is not seen, or turns what stands around it: controls, directions, halves of pairs."""
_MARKS = 3
"""So many marks on one letter are writing; more cover what stands above and below."""
LONGEST_URL = 500


def is_clean(text: str, *, lines: bool = False) -> bool:
    """Nothing unseen is in it. `lines`: it may have several."""
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > _MARKS or (category in _UNSEEN and not (lines and character == "\n")):
            return False
    return True


def host_of(url: str) -> str:
    """The host of an https address; "" for any other."""
    if len(url) > LONGEST_URL or not url.isascii() or not is_clean(url) or " " in url or "\\" in url:
        return ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    if parts.scheme != "https" or not host or "@" in parts.netloc:
        return ""
    return host if port is None else f"{host}:{port}"
