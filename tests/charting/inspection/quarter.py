"""A department's gateways over a period, as they would tell of themselves, and nothing wrong with them.

OR beds: devices are off at night and on Sundays, two cases a day. ICU: always on. What is usual is there: a restart for
an update, short gaps, some bytes that are no frame, small steps of the clock, two minutes without the server.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from charting.inspection.database import POSTGRESQL
from charting.inspection.measured import Database
from charting.quality.periods import Period, period
from collector.health import UNITS, Health
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    Condition,
    DeviceIdentity,
    Identity,
    Priority,
    Series,
)

ZONE = "Asia/Shanghai"
EVERY_US = 300_000_000
SECOND, MINUTE, HOUR = 1_000_000, 60_000_000, 3_600_000_000
DAY = 24 * HOUR
MIB, GIB = 2.0**20, 2.0**30
BEDS = {
    "OR-01": ("monitor", "machine"),
    "OR-02": ("monitor", "machine"),
    "OR-03": ("monitor", "machine"),
    "ICU-01": ("monitor", "pump"),
}
OLD, NEW = "0.5.9", "0.6.0"
SINK = "sink:timescale::"
MADE = ("2026-Q2", "2026-08-25..2026-09-23")
"""Performance reports that fell due in 2026-Q3: of the quarter before, and before 国庆节 of 30 days until that week."""
Values = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    kind: str
    ended_us: int
    ok: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    bed: str
    start_us: int
    end_us: int | None


@dataclass
class Quarter:
    """`every_us`: between two reports of a gateway. `told`: conditions with the time at which each was told. `silent`:
    when a bed's readings are missing.
    """

    name: str
    seed: int
    every_us: int = EVERY_US
    period: Period = field(init=False)
    now_us: int = field(init=False)
    beds: list[str] = field(default_factory=lambda: list(BEDS))
    times: dict[str, Times] = field(default_factory=dict)
    values: dict[tuple[str, str, str], Values] = field(default_factory=dict)
    other: dict[tuple[str, str, str], tuple[Times, Values]] = field(default_factory=dict)
    old_until_us: dict[str, int] = field(default_factory=dict)
    silent: list[tuple[str, int, int]] = field(default_factory=list)
    told: list[tuple[int, Condition]] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    performances: list[str] = field(default_factory=lambda: list(MADE))
    certificate_days: float = 300.0
    holidays_known: bool = True
    database: Database = field(init=False)
    statements: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.period = period(self.name, ZONE)
        self.now_us = self.period.end_us + 8 * HOUR
        self.random = Random(self.seed)
        self.numbers = np.random.default_rng(self.seed)
        self.days = (self.period.end_us - self.period.start_us) // DAY
        self.free = [n for n in range(3, self.days - 3) if self.day(n).weekday() < 5]
        self.random.shuffle(self.free)
        self.start_us = self.period.start_us - 5 * DAY
        self.database = sound()
        for bed, devices in BEDS.items():
            self._health(bed, devices)
            self._life(bed, devices)
        self._kept()

    def day(self, n: int) -> date:
        return (datetime.fromtimestamp(self.period.start_us / 1e6, ZoneInfo(ZONE)) + timedelta(days=n)).date()

    def at(self, n: int, hour: float) -> int:
        """Of a day of the period, local."""
        midnight = datetime.combine(self.day(n), time(), ZoneInfo(ZONE))
        return round(midnight.timestamp() * 1e6 + hour * HOUR)

    def working_day(self) -> int:
        """One that no other fault has had."""
        return self.free.pop()

    def put(self, bed: str, source: str, start_us: int, end_us: int | None, *, code: str = "MDC_UNMAPPED",
            device: str = "vitalsd", text: str = "", told_us: int | None = None) -> None:  # fmt: skip
        """A technical condition stands; told_us: only then."""
        for phase, at_us in ((AlarmPhase.START, start_us), (AlarmPhase.END, end_us)):
            if at_us is not None:
                alarm = AlarmCondition(
                    source=source, type=AlarmType.TECHNICAL, priority=Priority.HIGH, phase=phase, code=code, text=text
                )
                condition = Condition(bed=bed, device=device, time_us=at_us, alarm=alarm)
                self.told.append((told_us or at_us, condition))

    def goes_on(self, at_us: int, *, code: str = "", text: str = "") -> None:
        """What was put last stands still, with another code or text."""
        _, began = next(each for each in reversed(self.told) if each[1].alarm.phase is AlarmPhase.START)
        said = began.alarm
        alarm = replace(said, phase=AlarmPhase.CONTINUE, code=code or said.code, text=text or said.text)
        self.told.append((at_us, replace(began, time_us=at_us, alarm=alarm)))

    def take(self, bed: str, source: str, start_us: int, end_us: int) -> None:
        """What stands of this condition in a time of the night or so gives way: a link is either down or not."""
        kept = []
        for told_us, condition in self.told:
            own = (condition.bed, condition.alarm.source) == (bed, source)
            if not own or not start_us <= condition.time_us <= end_us:
                kept.append((told_us, condition))
        self.told = kept

    def restart(self, bed: str, at_us: int) -> None:
        """Its program begins anew."""
        times, told = self.times[bed], self.values[bed, "vitalsd", Health.UPTIME.value]
        told[times >= at_us] = np.minimum(told, (times - at_us) / 1e6)[times >= at_us]

    def during(self, bed: str, start_us: int, end_us: int) -> NDArray[np.bool_]:
        return (self.times[bed] >= start_us) & (self.times[bed] < end_us)

    def heard_times(self, bed: str) -> Times:
        """When it told of itself."""
        return self.times[bed][self.heard(bed)]

    def heard(self, bed: str) -> NDArray[np.bool_]:
        lost = np.zeros(self.times[bed].size, np.bool_)
        for where, start_us, end_us in self.silent:
            if where == bed:
                lost |= self.during(bed, start_us, end_us)
        return ~lost

    def series(self) -> Sequence[tuple[Series, Times, Values]]:
        """All numbers that were told."""
        found = []
        for (bed, about, code), values in self.values.items():
            keep = self.heard(bed)
            channel = Channel(code=code, source=about, unit=UNITS[Health(code)])
            found.append((Series(bed=bed, device="vitalsd", channel=channel), self.times[bed][keep], values[keep]))
        for (bed, device, code), (times, values) in self.other.items():
            channel = Channel(code=code, source="vitalsd", unit="s")
            found.append((Series(bed=bed, device=device, channel=channel), times, values))
        return found

    def versions(self, bed: str) -> Sequence[tuple[int, str]]:
        until_us = self.old_until_us[bed]
        return [(int(at_us), OLD if at_us < until_us else NEW) for at_us in self.heard_times(bed)]

    @property
    def conditions(self) -> Sequence[Condition]:
        """As they came."""
        return [condition for _, condition in sorted(self.told, key=lambda each: each[0])]

    def _health(self, bed: str, devices: Sequence[str]) -> None:
        first = self.start_us + self.random.randrange(self.every_us)
        times = self.times[bed] = np.arange(first, self.period.end_us, self.every_us)
        n, rng = times.size, self.numbers
        told = {
            Health.UPTIME: (times - times[0]) / 1e6,
            Health.MEMORY: 90 * MIB + rng.normal(0, MIB, n),
            Health.PROCESSOR: np.abs(rng.normal(4, 1, n)),
            Health.DISK_FREE: 40 * GIB + rng.normal(0, 0.3 * GIB, n),
            Health.DISK_SIZE: np.full(n, 64 * GIB),
            Health.JOURNAL_SIZE: 300 * MIB + rng.normal(0, 10 * MIB, n),
            Health.JOURNAL_PENDING: np.abs(rng.normal(20, 10, n)),
            Health.JOURNAL_OLDEST: np.abs(rng.normal(0.5, 0.2, n)),
            Health.CLOCK_ERROR: np.abs(rng.normal(0.02, 0.005, n)),
            Health.CLOCK_DRIFT: rng.normal(-12, 0.5, n),
        }
        if bed == "OR-03":  # somebody puts a large file on its disk: no trend
            told[Health.DISK_FREE] += np.where(times < self.at(self.days // 2, 10), 22 * GIB, -5 * GIB)
        if bed == "OR-02":  # a new version needs more memory: none either
            told[Health.MEMORY] += np.where(times < self.at(self.days // 3, 3), 0, 180 * MIB)
        self.values |= {(bed, "vitalsd", code.value): values for code, values in told.items()}
        for device in devices:
            counts = {
                Health.FRAMES: np.full(n, 300.0),
                Health.REJECTED: (rng.random(n) < 0.01) * 1.0,
                Health.REJECTED_BYTES: (rng.random(n) < 0.01) * 17.0,
                Health.RESTARTS: np.zeros(n),
            }
            self.values |= {(bed, device, code.value): values for code, values in counts.items()}
            hourly = times[::12]
            offsets = np.full(hourly.size, 28_800.0 + self.random.uniform(-20, 20))
            self.other[bed, device, "VND_VITALSD_CLOCK_OFFSET"] = hourly, offsets
            who = DeviceIdentity(manufacturer="Example", model=device.title(), serial=f"{bed}-{device}", software="2.1")
            self.identities.append(Identity(bed=bed, device=device, time_us=self.start_us, identity=who))

    def _life(self, bed: str, devices: Sequence[str]) -> None:
        update_us = self.old_until_us[bed] = self.at(self.days // 3, 2.5) + list(BEDS).index(bed) * DAY // 3
        self.put(bed, "gateway", update_us - 25 * SECOND, update_us, code="VND_VITALSD_GATEWAY_DOWN", told_us=update_us)
        self.restart(bed, update_us)
        some = self.at(self.random.randrange(self.days - 2), 13)
        self.put(bed, SINK, some, some + 2 * MINUTE, code="VND_VITALSD_SINK_UNREACHED")
        step = self.at(self.random.randrange(self.days - 2), 5)
        self.other[bed, "vitalsd", "VND_VITALSD_CLOCK_STEP"] = np.array([step]), np.array([0.21])
        self.put(bed, "clock-step", step, step + MINUTE)
        if bed.startswith("ICU"):
            for n in range(0, self.days - 5, 6):
                self.cases.append(Case(bed=bed, start_us=self.at(n, 9), end_us=self.at(n + 5, 15)))
            self.cases.append(Case(bed=bed, start_us=self.at(self.days - 2, 9), end_us=None))
        else:
            self._theatre(bed, devices)
        for device in devices:  # an alarm whose device is switched off before it ends
            self.put(bed, "sensor", self.at(5, 10), self.at(5, 11), device=device, text="Sensor off")

    def _theatre(self, bed: str, devices: Sequence[str]) -> None:
        off_us = self.start_us
        for n in range(self.days):
            if self.day(n).weekday() == 6:
                continue
            for device in devices:
                self.put(bed, f"link:{device}", off_us, self.at(n, 7), code="VND_VITALSD_LINK_SILENT")
            off_us = self.at(n, 18)
            for begin, end in ((8, 11.5), (12.5, 16.5)):
                self.cases.append(Case(bed=bed, start_us=self.at(n, begin), end_us=self.at(n, end)))
            if n % 9 == 0:  # somebody moves a plug
                moved_us = self.at(n, 9)
                self.put(bed, f"link:{devices[0]}", moved_us, moved_us + 50 * SECOND, code="VND_VITALSD_LINK_SILENT")
        for device in devices:
            self.put(bed, f"link:{device}", off_us, None, code="VND_VITALSD_LINK_SILENT")

    def _kept(self) -> None:
        first = self.at(0, 2) - 40 * DAY
        for n in range(self.days + 40):
            self.runs += [
                Run(kind="backup", ended_us=first + n * DAY + 5 * MINUTE),
                Run(kind="restore_test", ended_us=first + n * DAY + 12 * MINUTE),
            ]


def sound() -> Database:
    """A database that is well."""
    return Database(
        edition=POSTGRESQL, version="17.5", size_bytes=2**33, grown_per_day=2.0**26, tables=(), hypertables=(),
        statements=(), sees_all=True, found=0.998, asked=50_000_000, connections=12, most_connections=100,
        age=90_000_000, most_age=200_000_000, parked=0,
    )  # fmt: skip
