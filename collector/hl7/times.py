"""Times of HL7 v2 (DT, DTM, TS) and the spellings that devices have of them.

Seen (fact sheet mindray-and-chinese-hl7 §2, §8): `20190521153541.0000+0800`, `20260124124738000+0800` (milliseconds
without a dot), `20260726231331` (no zone). Digits that are all zeros are no time.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d{1,6})|(\d{3}))?(?:([+-])(\d\d)(\d\d))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """`digits_us`: the digits taken as UTC, in µs since 1970; what was not told is the first of it.

    `zone_min`: minutes east of UTC where it was told. `told`: how many digits of YYYYMMDDHHMMSS there were.
    """

    digits_us: int
    zone_min: int | None = None
    told: int = 14

    def utc_us(self, zone_min: int = 0) -> int:
        """µs since 1970 UTC; `zone_min` where the time itself told no zone."""
        zone = zone_min if self.zone_min is None else self.zone_min
        return self.digits_us - zone * 60_000_000


def parse(text: str) -> Timestamp | None:
    """Read a time; None for zeros, an empty field, and what is no time."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return None
    *digits, fraction, glued, sign, hours, minutes = match.groups()
    if (fraction or glued) and digits[5] is None:
        return None
    told = [int(part) for part in digits if part is not None]
    year, month, day, hour, minute, second = (*told, *(0, 1, 1, 0, 0, 0)[len(told) :])
    part = (fraction or glued or "").ljust(6, "0")
    try:
        at = datetime(year, month, day, hour, minute, min(second, 59), int(part), tzinfo=UTC)
    except ValueError:
        return None
    zone_min = None
    if sign is not None:
        zone_min = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
    return Timestamp(
        digits_us=(at - _EPOCH) // timedelta(microseconds=1),
        zone_min=zone_min,
        told=sum(len(part) for part in digits if part is not None),
    )


def write(time_us: int, zone_min: int | None = None) -> str:
    """A time with milliseconds, `time_us` in UTC: with `zone_min` in that zone and saying so, else in UTC without."""
    zone = "" if zone_min is None else f"{'-' if zone_min < 0 else '+'}{abs(zone_min) // 60:02}{abs(zone_min) % 60:02}"
    at = _EPOCH + timedelta(microseconds=time_us, minutes=zone_min or 0)
    return f"{at:%Y%m%d%H%M%S}.{at.microsecond // 1000:03}{zone}"
