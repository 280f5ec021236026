"""Reads what we send with two programs that are not ours, python-hl7 and hl7apy, and lets both agree on it.

hl7apy validates against the tables of the version in MSH-12. What it calls an error fails: segments that do not belong
there or are missing, fields that are required, repeated too often or of another type. What it calls a warning does not:
codes that are not in HL7's own tables (ours are MDC and national ones) and lengths above the recommended ones. It has
no ORU_R40: an alarm is validated as the ORU_R01 whose segments it has. It wants a number of every patient, where IHE
leaves it empty while nobody knows who he is: one is put there for it.
It takes up to 2 ms a segment: `validated=False` for most of many messages of a kind.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import hl7
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

CODECS = {"UNICODE UTF-8": "utf-8", "GB 18030-2000": "gb18030", "GB18030": "gb18030", "": "ascii", "ASCII": "ascii"}
"""MSH-18 → codec. Stands here once more so that ours is not compared with itself."""

_LIKE = {"ORU^R40^ORU_R40": "ORU^R01^ORU_R01"}
_NOBODY = re.compile(r"(?<=\rPID\|\|\|)(?=\^+[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A message as python-hl7 reads it. `sent`: segments as text, as sent; `charset`: MSH-18."""

    message: hl7.Message
    sent: Sequence[str]
    type: str
    control: str
    version: str
    charset: str

    @property
    def names(self) -> Sequence[str]:
        """The segments' names in order."""
        return [line.partition("|")[0] for line in self.sent]

    def count(self, segment: str) -> int:
        return list(self.names).count(segment)

    def field(self, segment: str, n: int, which: int = 1) -> str:
        """Field `n` of the `which`-th segment of that name as sent; "" where there is none."""
        found = self.message.segments(segment)[which - 1]
        return str(found[n]) if n < len(found) else ""

    def text(
        self, segment: str, n: int, component: int = 1, *, which: int = 1, repetition: int = 1, subcomponent: int = 1
    ) -> str:
        """One value, without escape sequences; "" where there is none."""
        repetitions = self.field(segment, n, which).split("~")
        components = repetitions[repetition - 1].split("^") if repetition <= len(repetitions) else [""]
        parts = components[component - 1].split("&") if component <= len(components) else [""]
        return str(self.message.unescape(parts[subcomponent - 1])) if subcomponent <= len(parts) else ""


def parsed(body: bytes, *, validated: bool = True) -> Parsed:
    """A message of ours, without frame. Raises AssertionError where the two disagree or a rule of HL7 is broken."""
    assert body.endswith(b"\r"), "the last segment has its end"
    assert b"\n" not in body
    told = body.split(b"\r", 1)[0].split(b"|")
    codec = CODECS[told[17].decode("ascii") if len(told) > 17 else ""]
    text = body.decode(codec)
    message = hl7.parse(text)
    sent = text.removesuffix("\r").split("\r")
    assert [str(segment) for segment in message] == sent
    for line in sent:
        assert len(line.partition("|")[0]) == 3, "a segment's name has three characters"
        assert not line.endswith("|"), "empty fields at the end are left out"
    header = message.segment("MSH")
    kind, control, version = (str(header[n]) for n in (9, 10, 12))
    assert 1 <= len(control) <= 20, "MSH-10 has up to 20 characters"
    if validated:
        _agree(text, sent, kind)
    return Parsed(
        message=message,
        sent=sent,
        type=kind,
        control=control,
        version=version,
        charset=str(header[18]) if len(header) > 18 else "",
    )


def _agree(text: str, sent: Sequence[str], kind: str) -> None:
    """hl7apy finds the same segments and fields, and nothing that HL7 does not allow."""
    asked = _NOBODY.sub("0", text.replace(kind, _LIKE.get(kind, kind), 1))
    other = parse_message(asked, find_groups=True, validation_level=VALIDATION_LEVEL.TOLERANT, force_validation=True)
    lines = other.to_er7().split("\r")
    assert [line.partition("|")[0] for line in lines] == [line.partition("|")[0] for line in sent]
    for ours, theirs in zip(asked.split("\r"), lines, strict=False):
        assert theirs.rstrip("|") == ours
