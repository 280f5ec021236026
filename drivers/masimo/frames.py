"""Lines to readings (fact sheet small-devices §6)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from collector.lines import Line
from collector.model import Rejected
from drivers.masimo.fields import FIELDS, REQUIRED

MAX_LINE_BYTES = 512
"""The longest line known has 190 characters; more than twice that is no line and is not kept."""
SECOND_US = 1_000_000
GAP_US = 10 * SECOND_US
"""A line every second: one whose clock is further from the line before is believed when the next one follows it."""

_LINE = re.compile(
    rb"(\d\d)/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)((?: [A-Z][A-Z0-9]{0,9}=[!-~]{0,16}){2,40}) *",
)
CENTURY = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A line that is one of this protocol. `time_us`: the device's clock; `fields`: (key, what it sent) in order."""

    line: Line
    time_us: int
    fields: tuple[tuple[str, str], ...]

    def follows(self, before: "Reading") -> bool:
        """Whether it is plausibly the next line of the same device."""
        return 0 <= self.time_us - before.time_us <= GAP_US and [key for key, _ in self.fields] == [
            key for key, _ in before.fields
        ]


def read(line: Line) -> Reading | Rejected:
    """What a line says. Rejected: it is no line of this protocol, or one of its fields is not."""
    match = _LINE.fullmatch(line.data)
    if match is None:
        return line.rejected("line")
    month, day, year, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        told = datetime(CENTURY + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return line.rejected("time")
    pairs = [field.partition("=") for field in match[7].decode("ascii").split()]
    fields = tuple((key, value) for key, _, value in pairs)
    keys = {key for key, _ in fields}
    if len(keys) != len(fields) or not keys >= REQUIRED:
        return line.rejected("keys")
    if not all(FIELDS[key].form.fullmatch(value) for key, value in fields if key in FIELDS):
        return line.rejected("value")
    time_us = int(told.timestamp()) * SECOND_US
    return Reading(line=line, time_us=time_us, fields=fields)
