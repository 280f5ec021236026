"""What the data of each reply say, as plain values: no state, no channels.

Source: fact sheet draeger-medibus §5, §6. Each reader returns what it could read and the number of bytes that it could
not: nothing after a misplaced byte is believed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from collector.clock import from_datetime
from collector.model import Quality

VALUE_BYTES, SETTING_BYTES, ALARM_BYTES, STREAM_BYTES = 6, 7, 15, 23

HOST_ID = "0161"
"""What a host identifies itself as; everything else is a device (§4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAlarm:
    """`priority` 1…31 (31 highest); `phrase` without padding, its shorthand spelled out."""

    priority: int
    code: bytes
    phrase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """The answer to 52H; revisions as sent, "03.00"."""

    id: str
    name: str
    device_revision: str
    medibus_revision: str

    @property
    def medibus_x(self) -> bool:
        """MEDIBUS.X announces itself by a revision of 06.00 or above (§5)."""
        return int(self.medibus_revision[:2]) >= 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A realtime parameter that the device offers. Value = minimum + bin × (maximum − minimum) / max_bin (§6)."""

    code: bytes
    interval_us: int
    minimum: float
    maximum: float
    max_bin: int


def fields(data: bytes, size: int) -> tuple[list[tuple[bytes, bytes]], int]:
    """Entries of `size` bytes, each two characters of code and a value: (code, value) pairs."""
    found: list[tuple[bytes, bytes]] = []
    for start in range(0, len(data) - size + 1, size):
        code = data[start : start + 2]
        if not _CODE.fullmatch(code):
            break
        found.append((code, data[start + 2 : start + size]))
    return found, len(data) - len(found) * size


def number(field: bytes) -> tuple[float | None, Quality]:
    """A value in any of the documented masks (" 98 ", "-  8", "6.2"); blanks, dashes and stars are no value."""
    if _NUMBER.fullmatch(field.strip(b" ")):
        return float(field.replace(b" ", b"")), Quality.VALID
    return None, Quality.INVALID if field.strip(b"-* ") else Quality.NOT_AVAILABLE


def alarms(data: bytes) -> tuple[list[ActiveAlarm], int]:
    """The active alarms: priority, code, phrase of 12."""
    found: list[ActiveAlarm] = []
    for start in range(0, len(data) - ALARM_BYTES + 1, ALARM_BYTES):
        entry = data[start : start + ALARM_BYTES]
        if not _CODE.fullmatch(entry[1:3]):
            break
        found.append(ActiveAlarm(priority=entry[0] - 0x30, code=entry[1:3], phrase=_phrase(entry[3:])))
    return found, len(data) - len(found) * ALARM_BYTES


def texts(data: bytes) -> tuple[list[tuple[bytes, str]], int]:
    """Text messages: (code, text). ETX ends a text; its length byte is not needed and not believed."""
    found: list[tuple[bytes, str]] = []
    start = 0
    while match := _TEXT.match(data, start):
        found.append((match[1], match[2].decode("ascii", "replace").strip()))
        start = match.end()
    return found, len(data) - start


def moment(data: bytes) -> int | None:
    """Date and time as µs since 1970, digits taken as UTC. Months in German or English, 70-99 are 19xx."""
    match = _MOMENT.fullmatch(data.strip())
    month = _MONTHS.get(match["month"].upper()) if match else None
    if match is None or month is None:
        return None
    year = int(match["year"])
    try:
        time = datetime(
            year + (1900 if year >= 70 else 2000),
            month,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            int(match["second"] or 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return from_datetime(time)


def identification(data: bytes) -> Identification | None:
    """NNNN'name'DD.DD:MM.MM, or None."""
    match = _IDENTIFICATION.fullmatch(data)
    if match is None:
        return None
    id_, name, device, medibus = (group.decode("ascii", "replace").strip() for group in match.groups())
    return Identification(id=id_, name=name, device_revision=device, medibus_revision=medibus)


def streams(data: bytes) -> tuple[list[Stream], int]:
    """The realtime parameters that the device offers, in its order."""
    found: list[Stream] = []
    for start in range(0, len(data) - STREAM_BYTES + 1, STREAM_BYTES):
        entry = data[start : start + STREAM_BYTES]
        minimum, _ = number(entry[10:15])
        maximum, _ = number(entry[15:20])
        interval, max_bin = entry[2:10].replace(b" ", b""), entry[20:23].replace(b" ", b"")
        if not _CODE.fullmatch(entry[:2]) or minimum is None or maximum is None:
            break
        if not _DIGITS.fullmatch(interval) or not _HEX.fullmatch(max_bin) or not int(interval) or not int(max_bin, 16):
            break
        found.append(
            Stream(
                code=entry[:2],
                interval_us=int(interval),
                minimum=minimum,
                maximum=maximum,
                max_bin=int(max_bin, 16),
            )
        )
    return found, len(data) - len(found) * STREAM_BYTES


def pairs(argument: bytes) -> list[tuple[bytes, int]]:
    """The argument of 54H: (code, multiplier) of streams 1, 2, … in order; none where it is malformed."""
    found = [(argument[start : start + 2], argument[start + 2 : start + 4]) for start in range(0, len(argument), 4)]
    if all(_CODE.fullmatch(code) and _CODE.fullmatch(times) and int(times, 16) for code, times in found):
        return [(code, int(times, 16)) for code, times in found]
    return []


def codes(argument: bytes) -> tuple[int, list[bytes]]:
    """The argument of 4AH: one raw type byte, then codes of two characters."""
    return argument[0], [argument[start : start + 2] for start in range(1, len(argument) - 1, 2)]


def _phrase(field: bytes) -> str:
    text = field.decode("ascii", "replace").strip()
    for short, long in _SHORTHAND.items():
        if short in text:
            text = " ".join(text.replace(short, f" {long} ").split())
    return text


_SHORTHAND: Mapping[str, str] = {"$&": "LOW", '"#': "HIGH", "'@": "ALARM"}  # §5
_CODE = re.compile(rb"[0-9A-F]{2}")
_HEX = re.compile(rb"[0-9A-Fa-f]{1,3}")
_DIGITS = re.compile(rb"[0-9]{1,8}")
_NUMBER = re.compile(rb"(?:- *)?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_TEXT = re.compile(rb"([0-9A-F]{2})[\x30-\x7f]([^\x03]{0,79})\x03")  # 79: what the length byte can say at most
_IDENTIFICATION = re.compile(rb"([^']{4})'(.*)'([0-9. ]{5}):([0-9]{2}\.[0-9]{2})")
_MOMENT = re.compile(
    rb"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?\s*"
    rb"(?P<day>[0-9]{1,2})-\s*(?P<month>[A-Za-z]{3})-\s*(?P<year>[0-9]{2})"
)
_MONTHS: Mapping[bytes, int] = {
    **{name: i for i, name in enumerate(b"JAN FEB MAR APR MAI JUN JUL AUG SEP OKT NOV DEZ".split(), 1)},
    **{name: i for i, name in enumerate(b"JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)},
}
