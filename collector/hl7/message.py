"""A message of HL7 v2: segments, fields, repetitions, components, subcomponents, as text or (binary) as bytes.

Splits no more than it is asked for. Delimiters are those of the message's MSH; text is decoded segment by segment and
before it is split, since the second byte of a GB18030 character may be that of a delimiter (fact sheet
mindray-and-chinese-hl7 §9; HL7 2.6 chapter 2).
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

BINARY = frozenset({"ZMW"})
"""Segments that no decoder may see: their bytes are waveforms (mindray-and-chinese-hl7 §1.6)."""

CHARSETS: Mapping[str, str] = {
    "ASCII": "ascii",
    "8859/1": "iso8859-1",
    "8859/2": "iso8859-2",
    "8859/5": "iso8859-5",
    "8859/7": "iso8859-7",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "GB 18030-2000": "gb18030",
    "GB18030": "gb18030",
    "GB2312": "gb18030",
    "GBK": "gb18030",
    "BIG-5": "big5",
    "CP1251": "cp1251",
    "WINDOWS-1251": "cp1251",
}
"""MSH-18 (HL7 table 0211, and senders' own spellings) → codec. At any other word that of the connection is taken."""

_BOM = b"\xef\xbb\xbf"
_ESCAPE = re.compile(r"[A-Za-z.0-9+-]*")


class MessageError(ValueError):
    """Bytes that are no HL7 v2 message; says why in few words and without what they hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimiters:
    """`escape` is "" where the message has none, or has given its sign to something else (`^~&&` is seen)."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @property
    def encoding_characters(self) -> str:
        """MSH-2."""
        return self.component + self.repetition + self.escape + self.subcomponent


STANDARD = Delimiters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """`fields[n]` is field n as sent, fields[0] the segment's name (in MSH, field 1 is the delimiter).

    `body`: the bytes after the name and its delimiter; of a binary segment there is nothing else.
    """

    fields: Sequence[str]
    body: bytes
    delimiters: Delimiters = STANDARD
    charset: str = "utf-8"

    @property
    def name(self) -> str:
        return self.fields[0]

    def field(self, n: int) -> str:
        """Field `n` as sent, with all its repetitions; "" where there is none."""
        return self.fields[n] if n < len(self.fields) else ""

    def repetitions(self, n: int) -> Sequence[str]:
        """The repetitions of field `n` as sent; none of an empty field."""
        sent = self.field(n)
        return sent.split(self.delimiters.repetition) if sent else ()

    def components(self, n: int, repetition: int = 1) -> Sequence[str]:
        """The components of field `n` as text, subcomponents and their delimiter included; none of an empty one."""
        sent = self._repetition(n, repetition)
        return [self.text(one) for one in sent.split(self.delimiters.component)] if sent else ()

    def component(self, n: int, component: int = 1, subcomponent: int = 1, repetition: int = 1) -> str:
        """A subcomponent as text, all counted from 1; "" where there is none."""
        parts = self._repetition(n, repetition).split(self.delimiters.component)
        if component > len(parts):
            return ""
        parts = parts[component - 1].split(self.delimiters.subcomponent)
        return self.text(parts[subcomponent - 1]) if subcomponent <= len(parts) else ""

    def standard(self, n: int) -> str:
        """Field `n` as it is written with the standard delimiters."""
        marks = self.delimiters
        return "~".join(
            "^".join(
                "&".join(escape(self.text(part)) for part in component.split(marks.subcomponent))
                for component in repetition.split(marks.component)
            )
            for repetition in self.repetitions(n)
        )

    def text(self, sent: str) -> str:
        """What was sent, without escape sequences (HL7 2.6 §2.7); highlighting and what nobody knows is left out."""
        sign = self.delimiters.escape
        if not sign or sign not in sent:
            return sent
        out: list[str] = []
        rest = sent
        while sign in rest:
            before, _, rest = rest.partition(sign)
            out.append(before)
            sequence, found, after = rest.partition(sign)
            if not found or not _ESCAPE.fullmatch(sequence):
                out.append(sign)  # a sign that stands for itself
                continue
            out.append(self._meaning(sequence))
            rest = after
        return "".join((*out, rest))

    def _repetition(self, n: int, repetition: int) -> str:
        sent = self.field(n)
        if self.delimiters.repetition not in sent:
            return sent if repetition == 1 else ""
        repetitions = sent.split(self.delimiters.repetition)
        return repetitions[repetition - 1] if repetition <= len(repetitions) else ""

    def _meaning(self, sequence: str) -> str:
        marks = self.delimiters
        match sequence[:1]:
            case "X":
                try:
                    return bytes.fromhex(sequence[1:]).decode(self.charset, "replace")
                except ValueError:
                    return ""
            case ".":
                return "\n" if sequence[1:3] in {"br", "sp", "ce"} else ""
        return {
            "F": marks.field,
            "S": marks.component,
            "T": marks.subcomponent,
            "R": marks.repetition,
            "E": marks.escape,
        }.get(sequence, "")


_NOTHING = Segment(fields=("",), body=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`charset`: what its text was decoded with. Segments stand in the order in which they were sent, MSH first."""

    segments: Sequence[Segment]
    delimiters: Delimiters
    charset: str
    _by_name: Mapping[str, Sequence[Segment]] = field(repr=False, compare=False)

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def type(self) -> str:
        """MSH-9.1, such as ORU."""
        return self.header.component(9, 1)

    @property
    def trigger(self) -> str:
        """MSH-9.2, such as R01."""
        return self.header.component(9, 2)

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.header.component(10)

    @property
    def version(self) -> str:
        """MSH-12."""
        return self.header.component(12)

    def all(self, name: str) -> Sequence[Segment]:
        return self._by_name.get(name, ())

    def first(self, name: str) -> Segment:
        """The first segment of that name, an empty one where there is none."""
        found = self._by_name.get(name)
        return found[0] if found else _NOTHING

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.segments)


def parse(data: bytes, charset: str = "utf-8") -> Message:
    """Read one message, without its frame. Raises MessageError.

    `charset`: the codec of a message whose MSH-18 says none that is known, and of text that is not in the one it says.
    Text in neither is read with U+FFFD in its place. Segments end with CR; where there is no CR at all, with LF.
    """
    data = data.removeprefix(_BOM).lstrip(b" \t\r\n")
    if not data.startswith(b"MSH") or len(data) < 8:
        raise MessageError("no MSH")
    raw = [part.strip(b"\n") for part in data.split(b"\r" if b"\r" in data else b"\n")]
    delimiters = _delimiters(raw[0])
    codecs = _codecs(raw[0], delimiters, charset)
    separator = delimiters.field.encode("ascii")
    by_name: dict[str, list[Segment]] = {}
    segments: list[Segment] = []
    for part in raw:
        if not part:
            continue
        head, _, body = part.partition(separator)
        name = head.decode("ascii", "replace")
        if name in BINARY:
            fields: Sequence[str] = (name,)
        else:
            fields = _decode(part, codecs).split(delimiters.field)
            if name == "MSH":
                fields = ["MSH", delimiters.field, *fields[1:]]
        segment = Segment(fields=fields, body=body, delimiters=delimiters, charset=codecs[0])
        segments.append(segment)
        by_name.setdefault(name, []).append(segment)
    return Message(segments=segments, delimiters=delimiters, charset=codecs[0], _by_name=by_name)


def escape(text: str) -> str:
    """Text as it is written in a subcomponent, with the standard delimiters."""
    return text.translate(_WRITTEN) if _MUST_ESCAPE.search(text) else text


def compose(*components: str) -> str:
    """A field of these components, each a text; empty ones at its end are left out."""
    return "^".join(map(escape, components)).rstrip("^")


def write(segments: Iterable[Sequence[str]], charset: str = "utf-8") -> bytes:
    """A message of segments, each its name and its fields 1, 2, … as they are sent (`escape`, `compose`).

    Of MSH the delimiters are written by this: its fields begin with MSH-3. What the codec lacks becomes "?".
    """
    out: list[str] = []
    for name, *fields in segments:
        head = ("MSH", STANDARD.encoding_characters) if name == "MSH" else (name,)
        out.append("|".join((*head, *fields)).rstrip("|") + "\r")
    return "".join(out).encode(charset, "replace")


_MUST_ESCAPE = re.compile(r"[|^~\\&\x00-\x1f]")
_WRITTEN = str.maketrans(
    {chr(control): f"\\X{control:02X}\\" for control in range(0x20)}
    | {"|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "\\": "\\E\\", "&": "\\T\\", "\n": "\\.br\\"}
)


def _delimiters(header: bytes) -> Delimiters:
    marks = header[3:8].decode("latin-1")
    separator = marks[0]
    marks = marks[1:].partition(separator)[0]
    if not separator.isascii() or separator.isalnum() or not separator.isprintable() or not marks.isascii():
        raise MessageError("no delimiters")
    component, repetition, sign, subcomponent = (marks[i : i + 1] for i in range(4))
    if not component:
        raise MessageError("no delimiters")
    return Delimiters(
        field=separator,
        component=component,
        repetition=repetition or STANDARD.repetition,
        escape="" if sign in {component, repetition, subcomponent} else sign,
        subcomponent=subcomponent or STANDARD.subcomponent,
    )


def _codecs(header: bytes, delimiters: Delimiters, charset: str) -> tuple[str, ...]:
    """The codecs to try, in order. Names in the header may be in the very codec that it tells further on."""
    for guess in (charset, "gb18030", "latin-1"):
        with contextlib.suppress(UnicodeDecodeError):
            fields = header.decode(guess).split(delimiters.field)
            told = fields[17] if len(fields) > 17 else ""
            first = told.split(delimiters.repetition)[0].split(delimiters.component)[0]
            codec = CHARSETS.get(first.strip().upper())
            if codec is not None:
                return (codec,) if codec == charset else (codec, charset)
    return (charset,)


def _decode(part: bytes, codecs: Sequence[str]) -> str:
    for codec in codecs:
        try:
            return part.decode(codec)
        except UnicodeDecodeError:
            continue
    return part.decode(codecs[0], "replace")
