"""A gap stays a gap, in whole minutes, with its cause."""

import pytest

from charting.fill.fill import MINUTE_US, BedData, Plan, fill
from charting.fill.types import CellState
from collector.model import Condition, Quality
from tests.charting.fill.bed import (
    ETCO2,
    HR,
    PPEAK,
    PULSE,
    SPO2,
    START_US,
    Charted,
    alarm,
    at,
    but,
    cuff,
    link,
    mark,
    series,
    steady,
    without,
)

LOST = "device sends, but not this: probe, cable or module off?"
SHOWN = "device shows no value: probe or cable off?"
SILENT = "nothing came of the device"
NO_PRESSURE = "the device sent, but no new pressure: failed, cuff off or not started?"


def test_minutes_without_a_reading_are_a_gap_and_a_minute_with_one_is_not() -> None:
    charted = Charted([without(steady(SPO2, 98, 20), 330, 611), steady(HR, 70, 20)], 20, ("spo2",))
    assert charted.gaps("spo2") == [(6, 10, "cable", LOST)]
    assert charted.cell("spo2", 10) is not None  # minutes 10 and 11 are there
    assert Charted([without(steady(SPO2, 98, 20), 300, 900)], 20, ("spo2",)).cell("spo2", 10) is None


@pytest.mark.parametrize(
    ("word", "cause", "certain"),
    [
        ("SILENT", "cable", False), ("UNREACHABLE", "network", False), ("PORT_GONE", "cable", True),
        ("ENDED", "device_off", True), ("FAILED", "gateway_down", True), ("REFUSED", "unknown", False),
    ],
)  # fmt: skip
def test_a_link_s_cause_is_as_old_as_its_silence(word: str, cause: str, certain: bool) -> None:
    points = [without(steady(HR, 70, 30), 600, 1320), steady(PPEAK, 18, 30, device="ventilator")]
    charted = Charted(points, 30, ("hr", "ppeak"), conditions=link("monitor", word, 700, 1330))
    (gap,) = charted.whole_gaps("hr")
    assert (gap.start_us, gap.end_us, str(gap.cause), gap.certain) == (mark(10), mark(22), cause, certain)
    assert charted.gaps("ppeak") == []


def test_another_device_s_link_is_no_cause() -> None:
    points = [without(steady(HR, 70, 30), 600, 1320), steady(SPO2, 98, 30), steady(PPEAK, 18, 30, device="ventilator")]
    charted = Charted(points, 30, ("hr",), conditions=link("ventilator", "UNREACHABLE", 700, 1330))
    assert charted.gaps("hr") == [(10, 22, "cable", LOST)]


def test_the_gateway_was_down() -> None:
    points = [without(steady(HR, 70, 30), 600, 1320)]
    down = alarm("vitalsd", "gateway", 600, 1310, code="VND_VITALSD_GATEWAY_DOWN")
    assert Charted(points, 30, ("hr",), conditions=down).gaps("hr") == [
        (10, 22, "gateway_down", "gateway was not running")
    ]


def test_nothing_is_known_of_a_device_that_is_silent() -> None:
    assert Charted([without(steady(HR, 70, 30), 600, 1320)], 30, ("hr",)).gaps("hr") == [(10, 22, "unknown", SILENT)]


def test_no_value_by_the_device() -> None:
    points = [but(steady(SPO2, 98, 20), 300, 600, None)]
    assert Charted(points, 20, ("spo2",)).gaps("spo2") == [(5, 10, "cable", SHOWN)]


@pytest.mark.parametrize("quality", [Quality.INVALID, Quality.CALIBRATING, Quality.OVERFLOW, Quality.UNDERFLOW])
def test_what_the_device_calls_invalid(quality: Quality) -> None:
    seconds = [float(s) for s in range(1200)]
    inside = [300 <= s < 600 for s in seconds]
    qualities = [quality if i else Quality.VALID for i in inside]
    told = series(SPO2, [98.0] * 1200, seconds, quality=qualities)
    charted = Charted([told], 20, ("spo2",))
    assert charted.gaps("spo2") == [(5, 10, "artefact", f"device.{quality}")]
    none = series(
        SPO2, [None if i else 98.0 for i in inside], seconds, quality=[quality if i else Quality.VALID for i in inside]
    )
    assert Charted([none], 20, ("spo2",)).gaps("spo2") == [(5, 10, "artefact", f"device.{quality}")]


@pytest.mark.parametrize(
    ("text", "signal", "cause", "certain"),
    [
        ("SpO₂ SENSOR OFF", "spo2", "cable", True), ("SPO2 PROBE OFF", "spo2", "cable", True),
        ("血氧探头脱落", "spo2", "cable", True), ("SpO₂ NO SENSOR", "spo2", "cable", True),
        ("ECG LEADS OFF", "hr", "cable", True), ("心电导联脱落", "hr", "cable", True),
        ("VND_DRAEGER_ALARM_SPO2_SENSOR_DISCONNECTED", "spo2", "cable", True),
        ("VND_PHILIPS_EVT_LEADS_OFF", "hr", "cable", True), ("ECG ELECTRODE RL", "hr", "cable", True),
        ("SENSOR_DISCONNECTED", "spo2", "cable", False), ("STANDBY", "hr", "no_patient", True),
        ("NO PATIENT", "spo2", "no_patient", True), ("待机", "spo2", "no_patient", True),
        ("ECG ALARMS OFF", "hr", None, False), ("CO2 LINE DISCONNECTED", "spo2", None, False),
        ("BATTERY LOW", "spo2", None, False), ("FLOW SENSOR", "spo2", None, False),
    ],
)  # fmt: skip
def test_the_device_s_own_words(text: str, signal: str, cause: str | None, certain: bool) -> None:
    points = [without(steady(code, 80, 20), 300, 600) for code in (HR, SPO2)] + [steady(PPEAK, 18, 20)]
    told = alarm("monitor", "17", 310, 590, text=text)
    (gap,) = Charted(points, 20, ("hr", "spo2"), conditions=told).whole_gaps(signal)
    assert (gap.start_us, gap.end_us) == (mark(5), mark(10))
    assert (str(gap.cause), gap.certain, gap.evidence) == ((cause, certain, text) if cause else ("cable", False, LOST))


def test_an_alarm_of_another_signal_is_no_cause() -> None:
    points = [without(steady(SPO2, 98, 20), 300, 600), steady(HR, 70, 20)]
    told = alarm("monitor", "17", 310, 590, text="ECG LEADS OFF")
    assert Charted(points, 20, ("spo2",), conditions=told).gaps("spo2") == [(5, 10, "cable", LOST)]


def test_causes_that_change_make_two_gaps() -> None:
    points = [without(steady(HR, 70, 30), 300, 1200), without(steady(SPO2, 98, 30), 720, 1200)]
    charted = Charted(points, 30, ("hr",), conditions=link("monitor", "PORT_GONE", 900, 1200))
    assert [(g[0], g[1], g[2]) for g in charted.gaps("hr")] == [(5, 12, "cable"), (12, 20, "cable")]
    assert [g.certain for g in charted.whole_gaps("hr")] == [False, True]


def test_a_device_that_is_held_is_not_charted() -> None:
    points = [steady(HR, 70, 20), steady(SPO2, 98, 20)]
    charted = Charted(points, 20, ("hr", "spo2"), options={"held": {"monitor": ((at(605), None),)}})
    assert charted.gaps("hr") == [(11, 20, "held", "device.held")]
    assert charted.one("hr", 10).value == 70
    assert (charted.one("hr", 15).value, charted.one("hr", 15).rule) == (None, "device.held")


def test_what_is_expected_from_the_start_is_a_gap_from_the_start() -> None:
    late = [steady(HR, 70, 10, first=10)]
    assert Charted(late, 20, ("hr", "spo2")).gaps("hr") == []
    expected = Charted(late, 20, ("hr", "spo2"), options={"expected": frozenset({"hr"})})
    assert expected.gaps("hr") == [(0, 10, "unknown", SILENT)]
    assert expected.gaps("spo2") == []


def test_an_empty_cell_names_the_channel_that_was_left_out() -> None:
    points = [without(steady(PULSE, 70, 10), 120, 600), steady("MDC_BLD_PULS_RATE_INV", 400, 10, unit="/min")]
    assert Charted(points, 10, ("pulse",)).one("pulse", 5).code == "MDC_BLD_PULS_RATE_INV"


def test_what_was_seen_before_is_expected() -> None:
    plan = Plan(signals=("hr",), start_us=START_US, seen={"hr": START_US})
    filling = fill(BedData(points=[]), plan, mark(120), mark(130))
    assert [(g.start_us, g.end_us) for g in filling.gaps] == [(mark(120), mark(130))]


def test_the_pulse_stands_in_for_the_ecg_and_the_gap_says_so() -> None:
    points = [without(steady(HR, 70, 20), 300, 600), steady(PULSE, 72, 20)]
    told = alarm("monitor", "17", 310, 590, text="ECG LEADS OFF")
    charted = Charted(points, 20, ("hr",), conditions=told)
    assert charted.gaps("hr") == [(5, 10, "cable", "ECG LEADS OFF; MDC_PULS_OXIM_PULS_RATE stands in")]
    assert charted.one("hr", 10).value is not None
    assert Charted([steady(PULSE, 72, 20)], 20, ("hr",)).gaps("hr") == []


def test_no_gap_outside_the_document() -> None:
    plan = Plan(signals=("hr",), start_us=mark(5), end_us=mark(15), expected=frozenset({"hr"}))
    filling = fill(BedData(points=[]), plan, START_US, mark(30))
    assert [(g.start_us, g.end_us) for g in filling.gaps] == [(mark(5), mark(15))]


def test_counts_are_minutes() -> None:
    points = [but(without(steady(ETCO2, 36, 30), 600, 900), 900, 1200, 0), steady(PPEAK, 18, 30)]
    count = Charted(points, 30, ("etco2",)).filling.counts["etco2"]
    assert (count.expected, count.received, count.charted) == (30, 25, 20)


def test_condition_of_which_only_the_end_is_known() -> None:
    (_, end) = link("monitor", "UNREACHABLE", 0, 500)
    conditions: list[Condition] = [end]
    points = [steady(HR, 70, 20, first=9)]
    charted = Charted(points, 20, ("hr",), conditions=conditions, options={"expected": frozenset({"hr"})})
    assert charted.gaps("hr")[0][2] == "network"


def test_questionable_readings_count_and_are_marked() -> None:
    told = series(HR, [70.0] * 600, [float(s) for s in range(600)], quality=Quality.QUESTIONABLE)
    cell = Charted([told], 10, ("hr",)).one("hr", 5)
    assert (cell.value, cell.state, cell.rule) == (70.0, CellState.CHARTED, "device.questionable")


def test_a_demonstration_is_carried_on() -> None:
    assert Charted([steady(HR, 70, 10, demo=True)], 10, ("hr",)).one("hr", 5).demo
    assert not Charted([steady(HR, 70, 10)], 10, ("hr",)).one("hr", 5).demo


def test_gaps_are_whole_minutes_that_do_not_overlap() -> None:
    points = [without(steady(HR, 70, 30), 301, 700), steady(SPO2, 98, 30)]
    plan = Plan(signals=("hr",), start_us=START_US)
    first = fill(BedData(points=points), plan, START_US, at(500))
    second = fill(BedData(points=points), Plan(signals=("hr",), start_us=START_US, seen=first.seen), at(500), mark(30))
    spans = [(g.start_us, g.end_us) for g in (*first.gaps, *second.gaps)]
    assert spans == [(mark(6), mark(8)), (mark(8), mark(11))]
    assert all((end - start) % MINUTE_US == 0 for start, end in spans)


def test_a_minute_that_had_begun_before_the_document_is_no_gap() -> None:
    plan = Plan(signals=("hr",), start_us=at(30), expected=frozenset({"hr"}))
    told = BedData(points=[steady(HR, 70, 9, first=1)], conditions=())
    assert fill(told, plan, START_US, mark(10)).gaps == ()


def test_an_inflation_that_failed_is_the_reason_for_72_minutes() -> None:
    charted = Charted([steady(HR, 70, 100), *cuff((0, 120, 70, 88), (300, 90, 85, 87))], 100, ("nibp_sys",))
    assert charted.gaps("nibp_sys") == [(5, 78, "artefact", "nibp.pulse_pressure"), (78, 100, "unknown", NO_PRESSURE)]


@pytest.mark.parametrize(("step_min", "due"), [(1, 6), (5, 6), (30, 36), (60, 72), (240, 72)])
def test_a_pressure_is_due_by_the_grid_but_never_after_less_than_6_or_more_than_72_minutes(
    step_min: int, due: int
) -> None:
    charted = Charted([steady(HR, 70, 100), *cuff((0, 120, 70, 88))], 100, ("nibp_sys",), step_min=step_min)
    assert charted.gaps("nibp_sys") == [(due, 100, "unknown", NO_PRESSURE)]


def test_a_pressure_that_was_seen_before_is_missing_at_once() -> None:
    charted = Charted([steady(HR, 70, 20)], 20, ("nibp_sys",), options={"seen": {"nibp_sys": START_US}})
    assert charted.gaps("nibp_sys") == [(0, 20, "unknown", NO_PRESSURE)]


def test_of_two_that_failed_in_one_minute_the_first_is_the_reason() -> None:
    failed = cuff((0, 120, 70, 88), (300, 90, 85, 87), (330, 120, 70, 70))
    assert Charted(failed, 10, ("nibp_sys",)).gaps("nibp_sys") == [(5, 10, "artefact", "nibp.pulse_pressure")]


@pytest.mark.parametrize("order", [(300, 330), (330, 300)])
def test_one_that_failed_in_the_minute_of_a_valid_one_begins_no_gap(order: tuple[int, int]) -> None:
    valid, failed = order
    told = sorted([(0, 120, 70, 88), (valid, 121, 70, 88), (failed, 90, 85, 87)])
    charted = Charted([steady(HR, 70, 12), *cuff(*told)], 12, ("nibp_sys",))
    assert charted.gaps("nibp_sys") == [(11, 12, "unknown", NO_PRESSURE)]
