"""A message as elements and texts at paths, whatever it is written in; JSON here, XML in charting.inbox.xml."""

import codecs
import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

CHARSETS = {"UTF-8": "utf-8", "UTF8": "utf-8", "GB18030": "gb18030", "GBK": "gb18030", "GB2312": "gb18030"}
"""GB 18030 has all characters of the older two."""
_BOM = codecs.BOM_UTF8
_LONGEST = 4_000
"""Characters of one text: as many as a record takes (charting.case.checks)."""
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


class Unreadable(ValueError):  # noqa: N818  as a message is
    """Why a message is not understood: `place` in it and `reason`. Neither says anything of the patient."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class Part(Protocol):
    """An element. A path that begins with "/" leads from the message's root. All raise Unreadable."""

    def text(self, path: str) -> str | None:
        """The text there, as it was sent, without the blanks about it; None: there is none."""

    def each(self, path: str) -> "Sequence[Part]":
        """The elements there; "": this one."""


def decode(raw: bytes, charset: str) -> str:
    """The text of a message: by its byte order mark, the encoding that it declares as XML, else `charset`.

    Raises Unreadable.
    """
    name = _own_charset(raw) or charset
    codec = CHARSETS.get(name.upper())
    if codec is None:
        raise Unreadable("message", "it is in a charset that is not read here")
    try:
        return raw.removeprefix(_BOM).decode(codec)
    except UnicodeDecodeError as error:
        raise Unreadable(f"byte {error.start}", f"not {name.upper()}") from None


def keepable(raw: bytes, told: str) -> bytes:
    """A message that can be read again without the charset that came beside it (Content-Type), where there was one.

    It stays as it is, unless only that charset tells how to read it; then it is the same text in UTF-8 with a mark.
    """
    codec = CHARSETS.get(told.upper())
    if codec is None or CHARSETS.get(_own_charset(raw).upper()) == codec or raw.startswith(_BOM):
        return raw
    try:
        return _BOM + raw.decode(codec).encode()
    except UnicodeDecodeError:
        return raw


def said(place: str, value: str) -> str:
    """A text that can be kept and shown. Raises Unreadable."""
    text = value.strip()
    if len(text) > _LONGEST:
        raise Unreadable(place, f"longer than {_LONGEST} characters")
    if _UNPRINTABLE.search(text):
        raise Unreadable(place, "holds control characters")
    return text


class JsonPart:
    """`path`: names with dots between."""

    def __init__(self, value: Any, root: Any) -> None:
        self._value = value
        self._root = root

    @classmethod
    def of(cls, text: str) -> "JsonPart":
        """Numbers stay as they are written. Raises Unreadable."""
        try:
            value = json.loads(
                text, parse_float=str, parse_int=str, parse_constant=_no_number, object_pairs_hook=_object
            )
        except json.JSONDecodeError as error:
            raise Unreadable(f"line {error.lineno} column {error.colno}", "not JSON") from None
        except RecursionError:
            raise Unreadable("message", "nested too deeply") from None
        return cls(value, value)

    def text(self, path: str) -> str | None:
        found = self._at(path)
        if found is None:
            return None
        if isinstance(found, bool):
            return str(found).lower()
        if not isinstance(found, str):
            raise Unreadable(path, "expected a text")
        return said(path, found)

    def each(self, path: str) -> "Sequence[JsonPart]":
        found = self._at(path)
        if found is None:
            return ()
        return [JsonPart(value, self._root) for value in (found if isinstance(found, list) else [found])]

    def _at(self, path: str) -> Any:
        value = self._root if path.startswith("/") else self._value
        for name in filter(None, path.lstrip("/").split(".")):
            if value is None:
                return None
            if not isinstance(value, dict):
                raise Unreadable(path, "expected an object on the way")
            value = value.get(name)
        return value


def _own_charset(raw: bytes) -> str:
    """What a message itself says; "": nothing."""
    if raw.startswith(_BOM):
        return "UTF-8"
    declared = _DECLARED.match(raw[:200])
    return declared[1].decode() if declared else ""


def _no_number(_: str) -> NoReturn:
    raise Unreadable("message", "holds a number that is none")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise Unreadable("message", "an object says the same name twice")
    return made
