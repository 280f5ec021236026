"""The channels of the Servo interface: what each number means, and how its raw values scale.

Source: channels.csv, words.csv and alarms.csv, made from fact sheet getinge-servo §6, §7 (manual 65 43 388 rev. 12,
§2.3). The device tells unit, gain and offset of every channel (RCCO); the tables name it, and scale it where a
recording does not hold the configuration. A channel whose type or unit the device tells otherwise is another one:
unmapped.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, load
from collector.model import UNMAPPED, AlarmType, Channel, Quality, Role

MISSING = 0x7EFF
"""The raw value that says "no value" (§2); in ASCII it is 9999."""
MISSING_TEXT = b"9999"
CURVE, BREATH, SETTINGS, ALARMS = "C", "B", "S", "E"
"""Letters of SDAD; alarms in their extended form, which tells the silenced ones (§3)."""
TYPES: Mapping[str, frozenset[str]] = {
    CURVE: frozenset(("CU",)),
    BREATH: frozenset(("BT", "BR")),
    SETTINGS: frozenset(("SD",)),
    ALARMS: frozenset(("AD",)),
}
"""Letter of SDAD → types of RCCO (manual §4.9)."""
UNITS: Mapping[str, str] = {
    "01": "mL", "02": "mL/s", "03": "mL/min", "04": "cm[H2O]", "05": "mL/cm[H2O]", "06": "/min", "07": "%",
    "08": "L/min", "09": "cm[H2O]/(L/s)", "10": "mm[Hg]", "11": "kPa", "12": "mbar", "13": "mV", "14": "s", "15": "L/s",
    "16": "cm[H2O]/L", "17": "L", "18": "J/L", "19": "uV", "20": "1", "21": "cm[H2O]/uV", "22": "/min/L", "23": "min",
    "--": "1", "-": "",
}  # fmt: skip
"""Unit numbers of RCCO (manual §4.9) → UCUM; "-" is a number without a unit, a switch."""
FIXED = frozenset(
    (*range(104, 113), *range(213, 222), 228, 237, 324, 325, 326, *range(404, 410), *range(418, 422), *range(427, 430),
     441, 442, 443, 448)
)  # fmt: skip
"""Channels that hold a constant, for the sake of older programs (manual §2.3): never asked for."""
HIGH_PRIORITY, SUMMARY = 498, 499
"""The alarm channels that say something of all others (§6)."""
FUNCTIONS = 311
"""The setting whose value is the sum of all active functions (§6)."""
APNOEA_LIMIT, APNOEA_OFF = 355, 46
"""The apnoea limit that means that the alarm is disabled (§6)."""
MODE, CMV_RATE, SIMV_RATE = 310, 300, 303
SIMV_MODES = frozenset((6, 7, 10))
"""Modes whose rate is SIMV_RATE, of all others it is CMV_RATE (§6, §7)."""
SET_RATE = "MDC_VENT_RESP_RATE_SETTING"
OTHER_RATES: Mapping[int, str] = {CMV_RATE: "VND_GETINGE_CMV_RATE", SIMV_RATE: "VND_GETINGE_SIMV_RATE"}
"""The rate that does not apply in the mode that is on."""

_ENTRY = re.compile(rb"(\d{3}),([+-]\d{4}E[+-]\d{3}|-),([+-]\d{4}E[+-]\d{3}|-),(\d\d|--?),(CU|BR|BT|SD|AD),[0-9A-F]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What the device tells of a channel (RCCO). gain None: a switch, or an alarm."""

    number: int
    gain: Decimal | None
    offset: Decimal
    unit: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A channel as it is read: value = raw × gain − offset; `words`: a switch, by its value."""

    number: int
    channel: Channel
    type: str
    gain: Decimal | None
    offset: Decimal = Decimal(0)
    words: Mapping[int, str] = field(default_factory=dict)

    def value(self, raw: int) -> tuple[float | str | None, Quality]:
        """The value of a raw one, 0…7EFF."""
        if raw == MISSING:
            return None, Quality.NOT_AVAILABLE
        if self.words:
            return self._word(raw), Quality.VALID
        value = raw if self.gain is None else raw * self.gain - self.offset
        if self.number == APNOEA_LIMIT and self.channel.code != UNMAPPED and value == APNOEA_OFF:
            return None, Quality.NOT_AVAILABLE
        return float(value), Quality.VALID

    def _word(self, raw: int) -> str:
        if self.number == FUNCTIONS and raw:
            active = [word for value, word in self.words.items() if raw & value]
            return " + ".join(active) if raw < 2 * max(self.words) else str(raw)
        return self.words.get(raw, str(raw))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A channel of an alarm."""

    number: int
    code: str
    type: AlarmType

    @property
    def source(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line of channels.csv. `gain` holds from protocol version `since` on, `earlier_gain` before."""

    channel: Channel
    type: str
    gain: Decimal | None
    offset: Decimal
    earlier_gain: Decimal | None
    since: int
    default: bool


def parse(text: bytes) -> tuple[int, list[Configured]] | None:
    """The answer to RCCO: sampling time in ms, channels in their order. None: it is none."""
    sampling, _, rest = text.partition(b";")
    if not re.fullmatch(rb"\d{3}", sampling) or not sampling.strip(b"0") or not rest:
        return None
    found = []
    for part in rest.rstrip(b";").split(b";"):
        match = _ENTRY.fullmatch(part.replace(b" ", b""))
        if match is None:
            return None
        number, gain, offset, unit, kind = (group.decode() for group in match.groups())
        found.append(
            Configured(
                number=int(number),
                gain=None if gain == "-" else Decimal(gain),
                offset=Decimal(0) if offset == "-" else Decimal(offset),
                unit=unit,
                type=kind,
            )
        )
    return int(sampling), found


def entry(number: int, version: int) -> Entry:
    """A channel by the tables, in a protocol version; one that they do not have is unmapped and unscaled."""
    row = _rows().get(number)
    if row is None:
        kind = "CU" if number < 200 else "BT" if number < 300 else "SD"
        return Entry(number=number, channel=_unmapped(number, "", kind), type=kind, gain=None)
    gain = row.gain if row.earlier_gain is None or version >= row.since else row.earlier_gain
    return Entry(
        number=number, channel=row.channel, type=row.type, gain=gain, offset=row.offset, words=_words().get(number, {})
    )


def setting(told: Entry, mode: int | None) -> Channel:
    """The channel of a setting in a mode (raw; None: not told): only the rate that applies is the set rate."""
    if told.number not in OTHER_RATES or told.channel.code == UNMAPPED:
        return told.channel
    applies = mode is not None and told.number == (SIMV_RATE if mode in SIMV_MODES else CMV_RATE)
    return replace(told.channel, code=SET_RATE if applies else OTHER_RATES[told.number])


def nameless(letter: str, place: int) -> Entry:
    """The channel at a place of a recording that does not say which it is: unmapped and unscaled, numbered below 0."""
    kind = {CURVE: "CU", BREATH: "BT"}.get(letter, "SD")
    number = -(_NAMELESS.index(letter) * 100 + place + 1)
    channel = replace(_unmapped(number, "", kind), source=f"{letter}{place + 1}")
    return Entry(number=number, channel=channel, type=kind, gain=None)


def configured(told: Configured) -> Entry:
    """A channel as the device tells it."""
    row, unit = _rows().get(told.number), UNITS.get(told.unit, "")
    if row is None or row.type != told.type or row.channel.unit != unit:
        channel, words = _unmapped(told.number, unit, told.type), {}
    else:
        channel, words = row.channel, dict(_words().get(told.number, {}))
    return Entry(number=told.number, channel=channel, type=told.type, gain=told.gain, offset=told.offset, words=words)


def alarm(number: int) -> Alarm:
    """A channel of an alarm; one that the table does not have is unmapped, and physiological: the kind never hidden."""
    found = _alarms().get(number)
    return found[0] if found else Alarm(number=number, code=UNMAPPED, type=AlarmType.PHYSIOLOGICAL)


def defaults(letter: str) -> tuple[int, ...]:
    """The channels that are asked for where the configuration names none, in their order."""
    if letter == ALARMS:
        return tuple(number for number, (_, default) in _alarms().items() if default)
    if letter == CURVE:
        return (113, 100, 114, 103)
    return tuple(number for number, row in _rows().items() if row.default and row.type in TYPES[letter])


def known(number: int) -> bool:
    """Whether the tables have the channel, or it holds a constant."""
    return number in _rows() or number in _alarms() or number in FIXED


def numbers() -> Sequence[int]:
    """The curves, breath values and settings of the table."""
    return tuple(_rows())


def alarm_numbers() -> Sequence[int]:
    """The alarms of the table."""
    return tuple(_alarms())


def channels() -> Iterable[Channel]:
    """Every channel of the table, and the rates by the code that they have in other modes."""
    rows = _rows()
    codes = (*OTHER_RATES.items(), (SIMV_RATE, SET_RATE))
    return (*(row.channel for row in rows.values()), *(replace(rows[one].channel, code=code) for one, code in codes))


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_GETINGE_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


def raws(text: bytes) -> Sequence[int]:
    """Values of RADAB or RADAS: four digits each."""
    fields = (text[at : at + 4] for at in range(0, len(text), 4))
    return [MISSING if field == MISSING_TEXT else int(field) for field in fields]


def _unmapped(number: int, unit: str, kind: str) -> Channel:
    role = Role.SET if kind == "SD" else Role.MEASURED
    return Channel(code=UNMAPPED, source=str(number), unit=unit, role=role)


_NAMELESS = (CURVE, BREATH, SETTINGS)


@cache
def _rows() -> Mapping[int, _Row]:
    return {
        int(row["channel"]): _Row(
            channel=Channel(code=row["refid"], source=row["channel"], unit=row["unit"], role=Role(row["role"])),
            type=row["type"],
            gain=Decimal(row["gain"]) if row["gain"] else None,
            offset=Decimal(row["offset"] or 0),
            earlier_gain=Decimal(row["earlier_gain"]) if row["earlier_gain"] else None,
            since=int(row["since"]),
            default=row["default"] == "1",
        )
        for row in _read("channels.csv")
    }


@cache
def _words() -> Mapping[int, Mapping[int, str]]:
    found: dict[int, dict[int, str]] = {}
    for row in _read("words.csv"):
        found.setdefault(int(row["channel"]), {})[int(row["value"])] = row["word"]
    return found


@cache
def _alarms() -> Mapping[int, tuple[Alarm, bool]]:
    return {
        int(row["channel"]): (
            Alarm(number=int(row["channel"]), code=row["refid"], type=AlarmType(row["type"])),
            row["default"] == "1",
        )
        for row in _read("alarms.csv")
    }


def _read(name: str) -> Iterator[dict[str, str]]:
    with files(__package__).joinpath(name).open("r", encoding="utf-8") as text:
        yield from csv.DictReader(text)
