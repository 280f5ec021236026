"""The gateway's own conditions: silent signals, sites that cannot be, servers that are not reached."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from alarms.technical import About, Signals, Sinks, Sites, about
from collector.model import AlarmPhase, Channel, Condition, Priority, Quality, Reading, Role, Series
from collector.status import DeviceState, DeviceStatus, SinkStatus
from collector.technical import Technical

SECOND_US = 1_000_000
T0_US = 1_795_501_123_000_000
HR, SPO2, TEXT = "MDC_ECG_HEART_RATE", "MDC_PULS_OXIM_SAT_O2", "MDC_VENT_MODE"
SYS, DIA = "MDC_PRESS_BLD_ART_ABP_SYS", "MDC_PRESS_BLD_ART_ABP_DIA"
NIBP = "MDC_PRESS_BLD_NONINV_SYS"
MONITOR = DeviceStatus(device="monitor", driver="toy", port="tcp://x:1", state=DeviceState.RECEIVING, since_us=T0_US)
Told = list[tuple[float, str, AlarmPhase, float]]


def reading(code: str, value: float | None = 70.0, *, site: str = "", source: str = "1", unit: str = "") -> Reading:
    channel = Channel(code=code, source=source, unit=unit, site=site)
    quality = Quality.VALID if value is not None else Quality.NOT_AVAILABLE
    series = Series(bed="OR", device="monitor", channel=channel)
    return Reading(series=series, time_us=T0_US, value=value, text=None, quality=quality, demo=False)


@dataclass
class Bed:
    """A bed that is looked at each second; `last`: what the journal has at its start."""

    last: Sequence[Reading] = ()
    standing: Sequence[Condition] = ()
    now_s: float = 0.0
    state: DeviceState = DeviceState.RECEIVING
    told: Told = field(default_factory=list)

    def __post_init__(self) -> None:
        self.technical = Technical("OR", lambda: self.now_us, self.standing)
        self.signals = Signals(self.technical, self.last, self.now_us, self.now_s)
        self.changes: list[Condition] = []

    @property
    def now_us(self) -> int:
        return T0_US + round(self.now_s * SECOND_US)

    def during(self, seconds: int, *readings: Reading, every_s: int = 1) -> Told:
        """What is told of it: when, of what, whether it begins or ends, and the time that is given with it."""
        told: Told = []
        for _ in range(seconds):
            self.now_s += 1
            if self.now_s % every_s == 0:
                self.signals.hear(readings, self.now_s)
            found = self.signals.look([replace(MONITOR, state=self.state)], self.now_us, self.now_s)
            self.changes += found
            told += [
                (self.now_s, c.alarm.source, c.alarm.phase, (c.time_us - T0_US) / SECOND_US) for c in found
            ]  # fmt: skip
        return told


HR_MISSING = "signal:MDC_ECG_HEART_RATE::monitor"
START, END = AlarmPhase.START, AlarmPhase.END


def test_a_signal_that_falls_silent_is_told_after_30_s_and_until_it_is_heard() -> None:
    bed = Bed()
    assert bed.during(60, reading(HR), reading(SPO2)) == []
    assert bed.during(30, reading(SPO2)) == []
    assert bed.during(60, reading(SPO2)) == [(91, HR_MISSING, START, 60)]
    assert bed.during(5, reading(HR), reading(SPO2)) == [(151, HR_MISSING, END, 151)]
    first = bed.changes[0]
    assert (first.device, first.alarm.priority, first.alarm.code) == ("vitalsd", "medium", "VND_VITALSD_SIGNAL_MISSING")
    assert first.alarm.text == "monitor: Heart rate is missing"


def test_a_signal_that_was_never_there_is_not_missed() -> None:
    bed = Bed()
    assert bed.during(3, reading(HR)) == []
    assert bed.during(120, reading(SPO2)) == []


def test_a_signal_that_the_device_calls_absent_is_not_silent() -> None:
    bed = Bed()
    bed.during(60, reading(HR))
    assert bed.during(60, reading(HR, None)) == []
    assert bed.during(120) == [], "it said that there is none"


def test_parts_of_one_measurement_are_one_signal_and_one_of_them_is_enough() -> None:
    bed = Bed()
    bed.during(60, reading(SYS), reading(DIA))
    assert bed.during(60, reading(DIA)) == []
    assert [(source, phase) for _, source, phase, _ in bed.during(60)] == [("signal:art::monitor", START)]
    assert bed.changes[-1].alarm.text == "monitor: Arterial pressure is missing"


def test_two_sites_are_two_signals() -> None:
    bed = Bed()
    both = [reading("MDC_TEMP_NASOPH", site=site) for site in ("nasopharynx", "left: x")]
    bed.during(60, *both)
    told = [source for _, source, _, _ in bed.during(60, both[0])]
    assert told == ["signal:MDC_TEMP_NASOPH:left%3A x:monitor"]
    assert about(told[0]) == About(kind="signal", name="MDC_TEMP_NASOPH", site="left: x", device="monitor")


@pytest.mark.parametrize("of", [reading(TEXT), reading("MDC_UNMAPPED"), replace(reading(HR), value=None, text="x")])
def test_what_nobody_waits_for_is_not_missed(of: Reading) -> None:
    bed = Bed()
    bed.during(60, of)
    assert bed.during(120) == []


def test_a_limit_that_is_set_is_no_signal() -> None:
    limit = reading(HR)
    bed = Bed()
    channel = replace(limit.series.channel, role=Role.LIMIT_HIGH)
    bed.during(60, replace(limit, series=replace(limit.series, channel=channel)))
    assert bed.during(120) == []


def test_age_is_judged_against_what_is_usual() -> None:
    slow = Bed()
    assert slow.during(600, reading("MDC_TEMP_NASOPH"), every_s=60) == []
    assert slow.during(180) == []
    assert slow.during(1) == [(781, "signal:MDC_TEMP_NASOPH::monitor", START, 600)]


def test_one_gap_does_not_make_the_next_one_usual() -> None:
    bed = Bed()
    bed.during(60, reading(HR))
    bed.during(300)
    bed.during(3, reading(HR))
    assert [told[2] for told in bed.during(40)] == [START]


def cuff(bed: Bed, *ats_s: int) -> Told:
    """The cuff is measured at these seconds; it is looked at until the last of them."""
    told: Told = []
    for at_s in ats_s:
        told += bed.during(round(at_s - bed.now_s) - 1)
        told += bed.during(1, reading(NIBP))
    return told


def test_a_cuff_that_cycles_is_overdue_after_six_minutes() -> None:
    bed = Bed()
    assert cuff(bed, 100, 280, 460) == []
    assert bed.during(360) == []
    assert bed.during(60) == [(821, "signal:nibp::monitor", START, 460)]
    assert bed.changes[-1].alarm.priority is Priority.LOW
    assert cuff(bed, 900) == [(900, "signal:nibp::monitor", END, 900)]


@pytest.mark.parametrize("ats", [(100,), (100, 280), (100, 1_100, 2_100)])
def test_a_cuff_that_does_not_cycle_is_not_overdue(ats: Sequence[int]) -> None:
    bed = Bed()
    cuff(bed, *ats)
    assert bed.during(1_600) == []


def test_a_cuff_of_every_ten_minutes_is_overdue_after_fifteen() -> None:
    bed = Bed()
    assert cuff(bed, 600, 1_200, 1_800, 2_400) == []
    assert bed.during(900) == []
    assert len(bed.during(1)) == 1


@pytest.mark.parametrize("state", [state for state in DeviceState if state is not DeviceState.RECEIVING])
def test_a_signal_is_never_missed_beside_its_link(state: DeviceState) -> None:
    bed = Bed()
    bed.during(60, reading(HR))
    bed.state = state
    assert bed.during(120) == []
    bed.state = DeviceState.RECEIVING
    assert bed.during(30, reading(SPO2)) == []
    assert bed.during(2, reading(SPO2)) == [(212, HR_MISSING, START, 60)]
    bed.state = state
    assert bed.during(5) == [(213, HR_MISSING, END, 213)]


def test_what_is_missing_for_an_hour_is_given_up() -> None:
    bed = Bed()
    bed.during(60, reading(HR))
    told = bed.during(3_700)
    assert [(source, phase, at) for at, source, phase, _ in told] == [(HR_MISSING, START, 91), (HR_MISSING, END, 3_660)]


def test_a_restart_hides_no_missing_signal() -> None:
    before = Bed()
    before.during(60, reading(HR), reading(SPO2), reading(NIBP))
    stood = before.during(60, reading(SPO2))
    assert [source for _, source, _, _ in stood] == [HR_MISSING]
    last = [replace(reading(HR), time_us=T0_US + 60 * SECOND_US), replace(reading(NIBP), time_us=T0_US)]
    last.append(replace(reading(SPO2), time_us=before.now_us - 2 * SECOND_US))
    after = Bed(last=last, standing=before.changes, now_s=122)
    after.state = DeviceState.CONNECTING
    assert after.during(5) == [], "it stands on"
    after.state = DeviceState.RECEIVING
    assert after.during(30, reading(SPO2)) == []
    assert after.during(2, reading(SPO2), reading(HR)) == [(158, HR_MISSING, END, 158)]
    lost = Bed(last=last, now_s=122)
    told = lost.during(60)
    assert {source for _, source, _, _ in told} == {HR_MISSING, "signal:MDC_PULS_OXIM_SAT_O2::monitor"}
    assert Bed(last=last, now_s=122 + 1_000).during(60) == [], "what was not heard for long is of no interest"


def test_what_stood_of_a_signal_that_the_journal_has_no_more_is_cleared() -> None:
    before = Bed()
    before.during(60, reading(HR))
    before.during(60)
    assert [told[2] for told in Bed(standing=before.changes).during(1)] == [END]


def sites(*, seconds: int, told: Sequence[Reading], silent_s: int = 0) -> tuple[list[tuple[int, str, str, str]], Sites]:
    technical = Technical("OR", lambda: T0_US)
    watch = Sites(technical, 0)
    found: list[tuple[int, str, str, str]] = []
    for second in range(1, seconds + silent_s + 1):
        if second <= seconds:
            watch.hear(told, second)
        found += [(second, c.alarm.source, c.alarm.phase, c.alarm.priority) for c in watch.look(second)]
    return found, watch


def core(celsius: float, code: str = "MDC_TEMP_ESOPH") -> Reading:
    return reading(code, celsius, unit="Cel")


SKIN = reading("MDC_TEMP_SKIN", 31.0, unit="Cel")


@pytest.mark.parametrize(
    ("told", "doubted"),
    [
        ([core(32.9), SKIN], True),
        ([core(33.0), SKIN], False),
        ([core(32.9), reading("MDC_TEMP_SKIN", 30.9, unit="Cel")], True),
        ([core(32.9), reading("MDC_TEMP_SKIN", 30.8, unit="Cel")], False),
        ([core(32.9)], False),
        ([core(32.9, "MDC_TEMP_FOLEY"), SKIN], False),
        ([reading("MDC_TEMP", 32.9, unit="Cel", site="oesophagus"), SKIN], True),
        ([reading("MDC_TEMP_ESOPH", 91.2, unit="[degF]"), SKIN], True),
    ],
)
def test_a_core_that_is_as_cold_as_the_skin_for_five_minutes_is_doubted(told: list[Reading], doubted: bool) -> None:
    found, _ = sites(seconds=301, told=told)
    source = f"site:{told[0].series.channel.code}:1:monitor"
    assert found == ([(301, source, START, "low")] if doubted else [])


def test_a_site_is_doubted_until_it_is_not() -> None:
    found, watch = sites(seconds=400, told=[core(32.9), SKIN])
    watch.hear([core(35.0)], 401)
    assert [c.alarm.phase for c in watch.look(401)] == [END]
    found, _ = sites(seconds=400, told=[core(32.9), SKIN], silent_s=70)
    assert [(second, phase) for second, _, phase, _ in found] == [(301, START), (461, END)]


@pytest.mark.parametrize(("site", "told"), [("", True), ("wherever", True), ("nasopharynx", False), ("skin", False)])
def test_a_temperature_without_a_site_is_told_as_information(site: str, told: bool) -> None:
    one = reading("MDC_TEMP", 36.0, unit="Cel", site=site, source="27:10")
    found, _ = sites(seconds=70, told=[one], silent_s=70)
    assert found == ([
        (1, "unmapped:MDC_TEMP:27%3A10:monitor", START, "information"),
        (131, "unmapped:MDC_TEMP:27%3A10:monitor", END, "information"),
    ] if told else [])  # fmt: skip


def test_a_doubted_site_stays_so_over_a_restart() -> None:
    technical = Technical("OR", lambda: T0_US)
    before = Sites(technical, 0)
    changes: list[Condition] = []
    for second in range(302):
        before.hear([core(32.9), SKIN], second)
        changes += before.look(second)
    after = Sites(Technical("OR", lambda: T0_US, changes), 400)
    assert after.look(401) == [], "nothing has been told yet"
    after.hear([core(32.9), SKIN], 402)
    assert after.look(402) == []
    after.hear([core(36.0), SKIN], 470)
    assert [c.alarm.phase for c in after.look(470)] == [END]


UP, DOWN = SinkStatus(connected=True), SinkStatus(error="refused")


class Servers:
    def __init__(self, standing: Sequence[Condition] = ()) -> None:
        self.now_s = 0.0
        technical = Technical("OR", lambda: self.now_us, standing)
        self.sinks = Sinks(technical, {"timescale": Priority.MEDIUM}, 0.0)

    @property
    def now_us(self) -> int:
        return T0_US + round(self.now_s * SECOND_US)

    def during(self, seconds: int, status: SinkStatus) -> list[Condition]:
        found: list[Condition] = []
        for _ in range(seconds):
            self.now_s += 1
            found += self.sinks.look({"timescale": status, "mqtt": DOWN}, self.now_us, self.now_s)
        return found


def test_a_server_that_is_not_reached_for_a_minute_is_told_with_since_when() -> None:
    servers = Servers()
    assert servers.during(100, UP) == []
    assert servers.during(59, DOWN) == []
    (told,) = servers.during(600, DOWN)
    assert (told.alarm.source, told.alarm.phase, told.alarm.priority) == ("sink:timescale::", START, "medium")
    assert (told.alarm.code, told.time_us) == ("VND_VITALSD_SINK_UNREACHED", T0_US + 100 * SECOND_US)
    assert [c.alarm.phase for c in servers.during(3, UP)] == [END]
    assert servers.during(59, DOWN) == []


def test_a_server_that_was_never_reached_is_missed_since_the_start() -> None:
    assert [c.time_us for c in Servers().during(70, DOWN)] == [T0_US]


def test_a_server_of_a_last_life_stands_until_it_is_reached_or_configured_no_more() -> None:
    told = Servers().during(70, DOWN)
    again = Servers(told)
    assert again.during(70, DOWN) == []
    assert [c.alarm.phase for c in again.during(1, UP)] == [END]
    other = Technical("OR", lambda: T0_US, told)
    assert [c.alarm.phase for c in Sinks(other, {}, 0.0).look({}, T0_US, 1.0)] == [END]


@pytest.mark.parametrize("source", ["link:monitor", "clock-step", "signal", "signal:a:b", "27:10:1:2"])
def test_other_sources_are_about_nothing_of_this(source: str) -> None:
    assert about(source) is None
