"""What is shown of a bed now: ages, tiles, alarms that stand."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from alarms.board import Presence, Seen
from alarms.follower import Follower
from alarms.latency import Latency
from charting.page.api import as_json
from charting.page.layout import place
from charting.page.now import Bedside, Now
from charting.page.tiles import Tile, arrange
from charting.page.words import Lang, Words
from collector.codes import by_refid
from collector.model import AlarmPhase, Condition, Priority, Quality, Reading, Role, Series, WavePiece
from collector.status import DeviceState, DeviceStatus
from collector.technical import GATEWAY, STEP
from tests.page.data import (
    BED,
    HR,
    NIBP_DIA,
    NIBP_MEAN,
    NIBP_SYS,
    NOW_US,
    SECOND_US,
    ZONE,
    Store,
    alarm,
    piece,
    reading,
    series,
    status,
)

HOUR_US = 3600 * SECOND_US


def bedside(store: Store) -> Bedside:
    return Bedside(
        bed=BED, zone=ZONE, reader=store, parameters=by_refid(), alarms=Follower(BED, store), latency=Latency()
    )


def look(store: Store, *devices: DeviceStatus, now_us: int = NOW_US) -> Now:
    return bedside(store).look(devices or (status(),), now_us)


def tiles(*readings: Reading) -> tuple[list[Tile], list[str]]:
    found, rest = arrange(look(Store(readings=list(readings))).values)
    return found, [value.reading.series.channel.code for value in rest]


@pytest.mark.parametrize(
    ("of", "age_s", "old"),
    [
        (HR, 10.0, False),
        (HR, 10.1, True),
        (NIBP_SYS, 360.0, False),
        (NIBP_SYS, 361.0, True),
        (replace(HR, channel=replace(HR.channel, role=Role.LIMIT_LOW)), 60.0, False),
        (replace(HR, channel=replace(HR.channel, role=Role.LIMIT_LOW)), 61.0, True),
    ],
)
def test_old_is_judged_by_age(of: Series, age_s: float, old: bool) -> None:
    (value,) = look(Store(readings=[reading(of, NOW_US - round(age_s * SECOND_US), 70.0)])).values
    assert value.age_s == pytest.approx(age_s)
    assert value.old is old


def test_what_was_not_heard_for_an_hour_leaves_the_page() -> None:
    kept, gone = NOW_US - 3599 * SECOND_US, NOW_US - 3600 * SECOND_US
    assert look(Store(readings=[reading(HR, kept, 70.0)])).values
    assert not look(Store(readings=[reading(HR, gone, 70.0)])).values


@pytest.mark.parametrize(
    ("code", "unit", "value", "text"),
    [
        ("MDC_ECG_HEART_RATE", "/min", 71.6, "72"),
        ("MDC_TEMP_NASOPH", "Cel", 36.04, "36.0"),
        ("MDC_CONC_AWAY_CO2_ET", "mm[Hg]", 35.6, "36"),
        ("MDC_CONC_AWAY_CO2_ET", "%", 5.04, "5.0"),
        ("MDC_CONC_AWAY_CO2_ET", "kPa", 4.76, "4.8"),
        ("MDC_CONC_AWAY_SEVOFL_ET", "%", 1.9, "1.90"),
        ("MDC_ECG_AMPL_ST_II", "mm", -0.04, "0.0"),
        ("MDC_ECG_AMPL_ST_II", "mm", -0.26, "-0.3"),
        ("MDC_UNMAPPED", "", 12345.678, "1.235e+04"),
        ("MDC_UNMAPPED", "", 0.0, "0"),
        ("MDC_VENT_MODE", "", "IPPV", "IPPV"),
        ("MDC_ECG_HEART_RATE", "/min", None, None),
    ],
)
def test_a_value_is_written_with_the_decimals_of_its_parameter(
    code: str, unit: str, value: float | str | None, text: str | None
) -> None:
    assert place(code).written(reading(series(code, unit), NOW_US, value)) == text


def test_a_missing_value_is_never_a_number() -> None:
    found, _ = tiles(reading(HR, NOW_US, None, Quality.NOT_AVAILABLE))
    assert [(tile.text, tile.quality) for tile in found] == [("– –", Quality.NOT_AVAILABLE)]


def cuff(time_us: int, sys: float | None = 118.0, dia: float | None = 63.0, mean: float | None = 82.0) -> list[Reading]:
    values = zip((NIBP_SYS, NIBP_DIA, NIBP_MEAN), (sys, dia, mean), strict=True)
    return [reading(of, time_us, v, Quality.VALID if v is not None else Quality.INVALID) for of, v in values]


def test_one_inflation_is_one_tile() -> None:
    found, rest = tiles(*cuff(NOW_US))
    assert [(t.text, t.mean, t.paired) for t in found] == [("118/63", "82", True)]
    assert rest == []


def test_a_systolic_is_never_shown_with_the_diastolic_of_another_inflation() -> None:
    first, _, _ = cuff(NOW_US - 300 * SECOND_US)
    _, second, _ = cuff(NOW_US)
    found, _ = tiles(first, second)
    assert [(t.text, t.paired) for t in found] == [("118", False), ("63", False)]


def test_two_arterial_lines_that_cannot_be_told_apart_are_not_paired() -> None:
    readings = [
        reading(series("MDC_PRESS_BLD_SYS", "mm[Hg]", source=f"p{n}.sys"), NOW_US, 100.0 + n) for n in (1, 2)
    ] + [reading(series("MDC_PRESS_BLD_DIA", "mm[Hg]", source=f"p{n}.dia"), NOW_US, 60.0 + n) for n in (1, 2)]
    found, _ = tiles(*readings)
    assert [t.paired for t in found] == [False] * 4


def test_lines_of_two_sites_are_two_tiles() -> None:
    readings = [
        reading(series(f"MDC_PRESS_BLD_ART_ABP_{part}", "mm[Hg]", source=f"{site}{part}", site=site), NOW_US, value)
        for site, values in (("radial", (120.0, 70.0)), ("femoral", (110.0, 60.0)))
        for part, value in zip(("SYS", "DIA"), values, strict=True)
    ]
    found, _ = tiles(*readings)
    assert {(t.text, t.values[0].reading.series.channel.site) for t in found} == {
        ("120/70", "radial"),
        ("110/60", "femoral"),
    }


def test_a_failed_part_of_a_measurement_makes_its_tile_as_bad_as_its_worst() -> None:
    found, _ = tiles(*cuff(NOW_US, mean=None))
    assert [(t.text, t.mean, t.quality) for t in found] == [("118/63", None, Quality.INVALID)]
    nothing, _ = tiles(*cuff(NOW_US, None, None, None))
    assert [t.text for t in nothing] == ["– –"]


def test_the_pulse_takes_the_place_of_a_heart_rate_that_is_old_or_missing() -> None:
    pulse = reading(series("MDC_PULS_OXIM_PULS_RATE", "/min"), NOW_US, 71.0)
    fresh, rest = tiles(reading(HR, NOW_US, 70.0), pulse)
    assert [t.place.label for t in fresh] == ["HR"]
    assert rest == ["MDC_PULS_OXIM_PULS_RATE"]
    for lost in (reading(HR, NOW_US - 11 * SECOND_US, 70.0), reading(HR, NOW_US, None, Quality.NOT_AVAILABLE)):
        found, rest = tiles(lost, pulse)
        assert [(t.place.label, t.text) for t in found] == [("PR", "71")]
        assert rest == ["MDC_ECG_HEART_RATE"]


def test_a_value_that_a_device_gives_in_several_units_has_one_tile() -> None:
    values = {"%": 5.0, "kPa": 4.8, "mm[Hg]": 36.0}
    found, rest = tiles(
        *(reading(series("MDC_CONC_AWAY_CO2_ET", unit, source=unit), NOW_US, v) for unit, v in values.items()),
        reading(series("MDC_CONC_AWAY_CO2_ET", "%", "other"), NOW_US, 5.1),
    )
    assert {(t.text, t.values[0].reading.series.device) for t in found} == {("36", "monitor"), ("5.1", "other")}
    assert len(rest) == 2


def test_settings_and_limits_are_in_no_tile() -> None:
    limit = replace(HR, channel=replace(HR.channel, role=Role.LIMIT_HIGH))
    found, rest = tiles(reading(limit, NOW_US, 120.0))
    assert (found, rest) == ([], [])


def standing(*changes: Condition, device: DeviceStatus | None = None) -> list[tuple[str, bool]]:
    now = look(Store(changes=list(changes)), device or status())
    return [(each.alarm.text, each.presence is Presence.PRESENT) for each in now.alarms.standing]


def test_an_alarm_stands_from_start_to_end() -> None:
    raised = alarm(NOW_US - 60 * SECOND_US, text="HR high")
    changed = alarm(NOW_US - 30 * SECOND_US, AlarmPhase.CONTINUE, text="HR higher")
    assert standing(raised) == [("HR high", True)]
    assert standing(raised, changed) == [("HR higher", True)]
    assert standing(raised, changed, alarm(NOW_US - SECOND_US, AlarmPhase.END)) == []


def test_the_age_of_an_alarm_counts_from_its_start() -> None:
    raised = alarm(NOW_US - 60 * SECOND_US)
    changed = alarm(NOW_US - 30 * SECOND_US, AlarmPhase.CONTINUE)
    now = look(Store(changes=[raised, changed]))
    (found,) = as_json(now, Words(Lang.EN), by_refid())["alarms"]
    assert found["age_s"] == pytest.approx(60)


def test_alarms_come_by_priority_and_keep_the_devices_own() -> None:
    changes = [
        alarm(NOW_US - n * SECOND_US, source=priority, priority=priority)
        for n, priority in enumerate((Priority.LOW, Priority.HIGH, Priority.INFORMATION, Priority.MEDIUM))
    ]
    found = look(Store(changes=changes)).alarms.standing
    assert [each.alarm.priority for each in found] == list(Priority)
    assert all(each.alarm.source == each.alarm.priority for each in found)


@pytest.mark.parametrize("state", [state for state in DeviceState if state is not DeviceState.RECEIVING])
def test_a_lost_link_makes_an_alarm_unknown_and_ends_nothing(state: DeviceState) -> None:
    assert standing(alarm(NOW_US - 60 * SECOND_US, text="HR"), device=status(state=state)) == [("HR", False)]


def test_an_alarm_from_before_an_interruption_is_unknown_until_the_device_repeats_it() -> None:
    back = replace(status(), since_us=NOW_US - 20 * SECOND_US)
    before = alarm(NOW_US - 60 * SECOND_US, text="HR")
    assert standing(before, device=back) == [("HR", False)]
    assert standing(before, alarm(NOW_US - 10 * SECOND_US, text="HR"), device=back) == [("HR", True)]


def test_an_alarm_that_stands_for_hours_is_not_forgotten() -> None:
    store = Store(changes=[alarm(NOW_US - 7 * 3600 * SECOND_US)])
    bed = bedside(store)
    linked = replace(status(), since_us=NOW_US - 8 * 3600 * SECOND_US)
    for later_s in range(0, 7200, 600):
        assert len(bed.look((linked,), NOW_US + later_s * SECOND_US).alarms.standing) == 1
    store.changes.append(alarm(NOW_US + 7200 * SECOND_US, AlarmPhase.END))
    assert bed.look((linked,), NOW_US + 7201 * SECOND_US).alarms.standing == ()


def test_an_alarm_that_stands_for_more_than_a_day_is_known_after_a_restart() -> None:
    old = alarm(NOW_US - 30 * HOUR_US, text="old")
    store = Store(changes=[old])
    assert bedside(store).look((status(),), NOW_US).alarms.standing == ()
    started = replace(status(), since_us=NOW_US - SECOND_US)
    found = Follower(BED, store, [old]).follow((started,), NOW_US)
    assert [(one.alarm.text, one.presence) for one in found.standing] == [("old", Presence.UNKNOWN)]


def test_what_stands_for_days_is_not_forgotten_where_the_first_look_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    store, old = Store(), alarm(NOW_US - 30 * HOUR_US, text="old")
    alarms, started = Follower(BED, store, [old]), replace(status(), since_us=NOW_US - SECOND_US)
    with monkeypatch.context() as broken:
        broken.setattr(Store, "conditions", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            alarms.follow((started,), NOW_US)
    assert [one.alarm.text for one in alarms.follow((started,), NOW_US + SECOND_US).standing] == ["old"]


def test_a_condition_that_is_told_with_since_when_it_holds_is_not_missed() -> None:
    store = Store()
    bed = bedside(store)
    bed.look((status(),), NOW_US)
    store.changes.append(alarm(NOW_US - HOUR_US, device="vitalsd", source="signal:x"))
    store.changes.append(alarm(NOW_US + SECOND_US, source="new"))
    assert [one.alarm.source for one in bed.look((status(),), NOW_US + SECOND_US).alarms.standing] == ["new"]
    later = bed.look((status(),), NOW_US + 10 * SECOND_US).alarms.standing
    assert {one.alarm.source for one in later} == {"new", "signal:x"}


def test_who_was_held_up_on_his_way_does_not_undo_what_is_known_of_a_link() -> None:
    alarms = Follower(BED, Store(changes=[alarm(NOW_US - SECOND_US)]))
    lost = replace(status(state=DeviceState.SILENT), since_us=NOW_US)
    assert alarms.follow((status(),), NOW_US - SECOND_US).standing[0].presence is Presence.PRESENT
    assert alarms.follow((lost,), NOW_US).standing[0].presence is Presence.UNKNOWN
    assert alarms.follow((status(),), NOW_US - SECOND_US // 2).standing[0].presence is Presence.UNKNOWN


@pytest.mark.parametrize(("before", "since"), [
    (alarm(NOW_US - 9 * SECOND_US, priority=Priority.LOW), {"priority": Priority.HIGH}),
    (alarm(NOW_US - 9 * SECOND_US), {"code": "MDC_EVT_APNEA"}),
])  # fmt: skip
def test_an_alarm_that_has_become_another_since_it_was_drawn_is_not_seen(
    before: Condition, since: Mapping[str, Any]
) -> None:
    store = Store(changes=[before])
    alarms = Follower(BED, store)
    alarms.follow((status(),), NOW_US)
    other = replace(before.alarm, phase=AlarmPhase.CONTINUE, **since)
    store.changes.append(replace(before, time_us=NOW_US, alarm=other))
    alarms.follow((status(),), NOW_US + SECOND_US)
    drawn, anew = (Seen(by="x", at_us=NOW_US + 2 * SECOND_US, told_us=us) for us in (before.time_us, NOW_US))
    assert alarms.see("monitor", "1", before.time_us, drawn) is None
    marked = alarms.see("monitor", "1", before.time_us, anew)
    assert marked is not None
    assert marked.seen == anew


def test_an_alarm_of_the_gateway_itself_is_known_and_stays() -> None:
    (found,) = look(Store(changes=[alarm(NOW_US - 5 * HOUR_US, device="vitalsd", text="clock")])).alarms.standing
    assert (found.alarm.text, found.presence) == ("clock", Presence.PRESENT)


def test_alarms_follow_the_order_of_arrival_where_our_clock_was_set_back() -> None:
    linked = replace(status(), since_us=NOW_US - 9 * HOUR_US)
    store = Store(
        changes=[
            alarm(NOW_US - HOUR_US + 60 * SECOND_US, source="ended"),
            alarm(NOW_US - HOUR_US // 2, source="stands"),
            alarm(NOW_US - HOUR_US // 3, source="ends later"),
            alarm(NOW_US - 60 * SECOND_US, AlarmPhase.END, source="ended"),
        ]
    )
    bed = bedside(store)

    def sources(now_us: int) -> set[str]:
        looks = [one.look((linked,), now_us) for one in (bed, bedside(store))]
        here, restarted = ({each.alarm.source for each in one.alarms.standing} - {STEP} for one in looks)
        assert here == restarted, "after a restart"
        return here

    assert sources(NOW_US) == {"stands", "ends later"}
    store.changes.append(alarm(NOW_US - HOUR_US, device=GATEWAY, source=STEP))
    for minute in range(75):
        now_us = NOW_US - HOUR_US + minute * 60 * SECOND_US
        if minute == 5:
            store.changes.append(alarm(now_us, source="new"))
        if minute == 10:
            store.changes.append(alarm(now_us, AlarmPhase.END, source="ends later"))
        expected = {"stands"} | ({"new"} if minute >= 5 else set()) | ({"ends later"} if minute < 10 else set())
        assert sources(now_us) == expected, minute


def test_a_value_from_ahead_of_now_is_no_new_one() -> None:
    before = Store(readings=[reading(HR, NOW_US + 30 * SECOND_US, 70.0)])
    (value,) = look(before).values
    assert (value.age_s, value.old) == (30.0, True)
    assert look(Store(readings=[reading(HR, NOW_US + HOUR_US, 70.0)])).values == ()


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("pace_s", [1, 7, 60])
def test_waves_of_an_hour_that_is_lived_again_are_only_those_of_now(pace_s: int, restarted: bool) -> None:
    """The device is silent at first. Who looks only every minute sees no wave in that hour, rather than an old one."""
    wave = series("MDC_PULS_OXIM_PLETH", "1")

    def second(at_us: int, count: int) -> WavePiece:
        return piece(wave, at_us, 4.0, [count] * 4)

    before = [second(NOW_US - n * SECOND_US, 1) for n in range(1, 3601)]
    bed = bedside(Store(pieces=before))
    assert len(bed.look((), NOW_US).pieces) == 13
    if restarted:
        bed = bedside(Store(pieces=before))
    since: list[WavePiece] = []
    for n in [*range(160), *range(3540, 3700)]:
        now_us = NOW_US - HOUR_US + n * SECOND_US
        if n >= 100:
            since.append(second(now_us - SECOND_US + 1000, 2))
        if n % pace_s == 0:
            near = [p for p in (*before, *since) if abs(p.start_us - now_us) < 20 * SECOND_US]
            bed.reader = Store(pieces=near)
            shown = [p.data[0] for p in bed.look((), now_us).pieces]
            assert set(shown) <= {2}, n
            settled = n > 3650 or (pace_s < 60 and (120 < n < 160 or n > 3570))
            assert not settled or len(shown) == 14, n


def test_a_wave_keeps_its_place_when_it_falls_silent() -> None:
    wave = series("MDC_PULS_OXIM_PLETH", "1")
    bed = bedside(Store(pieces=[piece(wave, NOW_US - SECOND_US, 100.0, range(100))]))
    assert bed.look((), NOW_US).waves == (wave,)
    later = bed.look((), NOW_US + 60 * SECOND_US)
    assert (later.waves, later.pieces) == ((wave,), ())


def test_demo_anywhere_marks_the_whole_page() -> None:
    assert look(Store(readings=[reading(HR, NOW_US, 70.0, demo=True)])).demo
    assert not look(Store(readings=[reading(HR, NOW_US, 70.0)])).demo
