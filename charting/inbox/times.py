"""Times and days as hospital programs write them; year, month, day is their only order.

Read: 2026-03-04 09:05[:30[.5]], with / or . or 年月日 between, with T or a blank, with Z or +08:00 behind; digits of
HL7 (202603040905 and longer); milliseconds since 1970 (13 digits). A time without hour and minute is none.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from collector.hl7 import times

_DAY = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
_TIME = re.compile(rf"{_DAY}[T ]?\s*(\d{{1,2}}):(\d\d)(?::(\d\d)(?:[.,](\d{{1,9}}))?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_DATE = re.compile(rf"{_DAY}(?:[T ].*)?|(\d{{4}})(\d\d)(\d\d)(?:\d{{4,6}})?", re.ASCII)
_MILLISECONDS = re.compile(r"1\d{12}", re.ASCII)
_MINUTE_DIGITS = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_us(text: str, zone: str) -> int | None:
    """µs since 1970 UTC; `zone` where the text tells none. None: no time."""
    if _MILLISECONDS.fullmatch(text):
        return int(text) * 1000
    match = _TIME.fullmatch(text)
    if match is None:
        return _of_digits(text, zone)
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        at = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0),
            int((fraction or "").ljust(6, "0")[:6]), ZoneInfo(zone) if offset is None else _offset(offset),
        )  # fmt: skip
        return _us(at)
    except (ValueError, OverflowError):
        return None


def iso_date(text: str) -> str | None:
    """The day, ISO; what follows it is left out. None: no day."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (part for part in match.groups() if part is not None)
    try:
        return f"{datetime(int(year), int(month), int(day)):%Y-%m-%d}"  # noqa: DTZ001  a day
    except ValueError:
        return None


def _of_digits(text: str, zone: str) -> int | None:
    stamp = times.parse(text)
    if stamp is None or stamp.told < _MINUTE_DIGITS:
        return None
    if stamp.zone_min is not None:
        return stamp.utc_us()
    return _us((_EPOCH + timedelta(microseconds=stamp.digits_us)).replace(tzinfo=ZoneInfo(zone)))


def _us(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))
