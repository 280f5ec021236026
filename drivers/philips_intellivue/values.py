"""Basic types of the attributes (fact sheet philips-intellivue §6, §7.1)."""

from datetime import UTC, datetime
from struct import Struct

from collector.model import Quality

U16 = Struct(">H")
U32 = Struct(">I")
PAIR = Struct(">HH")

NAN = 0x7FFFFF
"""The FLOAT of "no value": mantissa of NaN, exponent 0."""
_NO_VALUE = frozenset((NAN, 0x800000, 0x800001))
"""NaN, "not at this resolution", and what ISO/IEEE 11073 reserves."""
_INFINITE = {0x7FFFFE: Quality.OVERFLOW, 0x800002: Quality.UNDERFLOW}
_SPECIAL = _NO_VALUE | _INFINITE.keys()

INVALID, QUESTIONABLE, UNAVAILABLE, CALIBRATING = 0x8000, 0x4000, 0x2000, 0x1000
TEST, DEMO = 0x0800, 0x0400
NOT_REAL = TEST | DEMO
"""Bits of MeasurementState (§7.1)."""

_WRAP = 1 << 32

_POWERS: tuple[int, ...] = tuple(10**power for power in range(129))

_ODD_CHARACTERS = str.maketrans(
    {"\ue145": "", "\ue14c": "", "\ue400": "L/", "\ue401": "H", "\ue40d": "*", "\ue425": "V̇", "\ufeff": ""}
)
"""Private characters of the monitors' font (§6; known from comments of other programs only)."""


def quality(state: int) -> Quality:
    """Of something that has a value (design §4)."""
    if state & INVALID:
        return Quality.INVALID
    return Quality.QUESTIONABLE if state & QUESTIONABLE else Quality.VALID


def reading(raw: int, state: int) -> tuple[float | None, Quality]:
    """A FLOAT and its MeasurementState as value and quality (design §4)."""
    mantissa = raw & 0xFFFFFF
    if mantissa in _SPECIAL:
        if mantissa in _INFINITE:
            return None, _INFINITE[mantissa]
        if state & INVALID:
            return None, Quality.INVALID
        return None, Quality.CALIBRATING if state & CALIBRATING else Quality.NOT_AVAILABLE
    return _scaled(mantissa, raw >> 24), Quality.VALID if state < QUESTIONABLE else quality(state)


def number(raw: int) -> float | None:
    """A FLOAT without a state; None for its special values."""
    return None if raw & 0xFFFFFF in _SPECIAL else _scaled(raw & 0xFFFFFF, raw >> 24)


def to_float(value: float | None, decimals: int = 0) -> int:
    """The FLOAT of `value` as a monitor displays it; None is NaN."""
    if value is None:
        return NAN
    return (-decimals & 0xFF) << 24 | round(value * _POWERS[decimals]) & 0xFFFFFF


def _scaled(mantissa: int, exponent: int) -> float:
    """Mantissa and exponent as their unsigned bits."""
    if mantissa & 0x800000:
        mantissa -= 1 << 24
    if exponent & 0x80:
        return mantissa / _POWERS[256 - exponent]  # one rounding: 367 and −1 give 36.7
    return float(mantissa * _POWERS[exponent])


def u16(data: bytes | None) -> int | None:
    return int.from_bytes(data, "big") if data is not None and len(data) == U16.size else None


def u32(data: bytes | None) -> int | None:
    return int.from_bytes(data, "big") if data is not None and len(data) == U32.size else None


def string(data: bytes | None) -> str:
    """A String: u16 byte length and UTF-16BE, without its padding. Tolerates one without the length."""
    if data is None:
        return ""
    if len(data) >= U16.size and U16.unpack_from(data)[0] == len(data) - U16.size:
        data = data[U16.size :]
    return utf16(data)


def utf16(data: bytes) -> str:
    text = data[: len(data) & ~1].decode("utf-16-be", errors="replace")
    return text.partition("\0")[0].translate(_ODD_CHARACTERS).strip()


def to_string(text: str) -> bytes:
    data = (text + "\0").encode("utf-16-be")
    return U16.pack(len(data)) + data


def variable_label(data: bytes, at: int) -> tuple[str, int]:
    """A VariableLabel at `at`, cut at its first NUL or control character, and where the next field stands.

    Raises struct.error where it does not fit.
    """
    size = U16.unpack_from(data, at)[0]
    text = data[at + 2 : at + 2 + size].decode("ascii", errors="replace")
    end = next((i for i, character in enumerate(text) if character < " "), len(text))
    return text[:end].strip(), at + 2 + size


def to_variable_label(text: str) -> bytes:
    data = text.encode("ascii") + b"\0" * (2 - len(text) % 2)
    return U16.pack(len(data)) + data


def ticks_between(first: int, second: int) -> int:
    """From one RelativeTime to another, the shorter way round its 32-bit wrap (§9)."""
    return (second - first + (_WRAP >> 1)) % _WRAP - (_WRAP >> 1)


def absolute_time(data: bytes | None) -> int | None:
    """An AbsoluteTime in µs, its digits taken as UTC; None where it is not set, not supported or no time."""
    if data is None or len(data) != 8:
        return None
    digits = data.hex()
    if not digits.isdecimal():
        return None
    try:
        moment = datetime(
            int(digits[:4]), int(digits[4:6]), int(digits[6:8]),
            int(digits[8:10]), int(digits[10:12]), int(digits[12:14]), int(digits[14:]) * 10_000, UTC,
        )  # fmt: skip
    except ValueError:
        return None
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000 + moment.microsecond


def to_absolute_time(time_us: int) -> bytes:
    """As a monitor tells it: whole seconds."""
    return bytes.fromhex(datetime.fromtimestamp(time_us // 1_000_000, UTC).strftime("%Y%m%d%H%M%S00"))


def birth_date(data: bytes | None) -> str:
    """YYYY-MM-DD, or "" where there is none."""
    if data is None or len(data) != 8 or not data.hex().isdecimal() or not any(data):
        return ""
    digits = data.hex()
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
