"""What goes on while a fault is there, as it does in a hospital: it neither hides the fault nor makes another one."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from collector.health import Health
from tests.charting.inspection.faults import Truth
from tests.charting.inspection.quarter import BEDS, DAY, HOUR, MINUTE, SINK, Quarter
from tests.charting.inspection.test_findings import found, inspected

UNREACHED, DOWN = "VND_VITALSD_SINK_UNREACHED", "VND_VITALSD_GATEWAY_DOWN"
SILENT, PORT_GONE = "VND_VITALSD_LINK_SILENT", "VND_VITALSD_LINK_PORT_GONE"


def oldest(q: Quarter, bed: str, since_us: int, start_us: int, end_us: int) -> None:
    """What waits since a time is told from one time to another."""
    within = q.during(bed, start_us, end_us)
    q.values[bed, "vitalsd", Health.JOURNAL_OLDEST.value][within] = (q.times[bed][within] - since_us) / 1e6


def outage_before_all_beds_are_there(q: Quarter) -> Sequence[Truth]:
    q.beds += [f"OR-1{n}" for n in range(6)]
    for bed in BEDS:
        q.put(bed, SINK, q.at(9, 14), q.at(9, 14) + 40 * MINUTE, code=UNREACHED)
    return [*(("gateway_absent", f"OR-1{n}", "") for n in range(6)), ("server_outage", "", "")]


def outage_for_days_across_the_beginning(q: Quarter) -> Sequence[Truth]:
    start, end = q.period.start_us - 4 * DAY, q.at(1, 10)
    for bed in BEDS:
        q.put(bed, SINK, start, end, code=UNREACHED)
        oldest(q, bed, start, start, end)
    return [("server_outage", "", "")]


def off_for_a_weekend(q: Quarter) -> Sequence[Truth]:
    """What stood when the power went ended nobody knows when; what waited was sent as soon as it came back."""
    bed, start, end = "ICU-01", q.at(10, 18), q.at(13, 8)
    q.take(bed, SINK, start - DAY, end)
    for source in ("clock-sync", "journal-unsaved", SINK):
        q.put(bed, source, start - MINUTE // 2, end + MINUTE // 4, code=UNREACHED)
    q.put(bed, "gateway", start, end, code=DOWN, told_us=end)
    q.silent.append((bed, start, end))
    q.restart(bed, end)
    oldest(q, bed, start, end, end + 5 * MINUTE)
    return [("gateway_down", bed, "")]


def unreached_also_during_an_outage(q: Quarter) -> Sequence[Truth]:
    for bed in BEDS:
        q.put(bed, SINK, q.at(9, 14), q.at(9, 14) + (3 * DAY if bed == "OR-02" else 20 * MINUTE), code=UNREACHED)
    return [("bed_unreached", "OR-02", ""), ("server_outage", "", "")]


def port_gone_until_it_is_plugged_in_and_switched_off(q: Quarter) -> Sequence[Truth]:
    start, end = q.at(9, 20), q.at(10, 5)
    q.put("ICU-01", "link:pump", start, end, code=PORT_GONE)
    q.goes_on(end - 10 * MINUTE, code=SILENT)
    return [("device_fault", "ICU-01", "pump")]


def condition_that_is_told_again_each_hour(q: Quarter) -> Sequence[Truth]:
    start = q.at(q.days - 6, 8)
    q.put("ICU-01", "battery", start, None, device="monitor", text="Battery low")
    for n in range(1, 5 * 24):
        q.goes_on(start + n * HOUR, text=f"Battery low {n}")
    return [("open_fault", "ICU-01", "monitor")]


def bed_that_was_given_up(q: Quarter) -> Sequence[Truth]:
    q.silent.append(("OR-03", q.period.start_us, q.now_us))
    q.beds.remove("OR-03")
    return []


def gateway_taken_away(q: Quarter) -> Sequence[Truth]:
    """Nobody knows whether its devices, or their faults, were there any longer."""
    start = q.at(q.days - 17, 20)
    q.take("OR-03", "link:monitor", start, q.now_us)
    q.take("OR-03", "link:machine", start, q.now_us)
    q.put("OR-03", "fan", start - 8 * HOUR, None, device="anaesthesia", text="Fan failure")
    q.silent.append(("OR-03", start, q.now_us))
    return [("gateway_silent", "OR-03", "")]


def program_that_fails_once_a_day(q: Quarter) -> Sequence[Truth]:
    for n in range(q.days):
        q.restart("OR-01", q.at(n, 4))
    return [("gateway_restarts", "OR-01", "")]


@pytest.mark.parametrize(
    "happens",
    [
        outage_before_all_beds_are_there, outage_for_days_across_the_beginning, off_for_a_weekend,
        unreached_also_during_an_outage, port_gone_until_it_is_plugged_in_and_switched_off,
        condition_that_is_told_again_each_hour, bed_that_was_given_up, gateway_taken_away,
        program_that_fails_once_a_day,
    ],
)  # fmt: skip
def test_circumstances_hide_nothing_and_add_nothing(
    happens: Callable[[Quarter], Sequence[Truth]], tmp_path: Path, empty: Path
) -> None:
    quarter = Quarter(name="2026-09", seed=7)
    truth = sorted(happens(quarter))
    assert found(inspected(quarter, tmp_path, empty)) == truth
