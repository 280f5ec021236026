"""Outcomes of whole courses, with the traps of clinical.md §1.5 and §2 by their names."""

from collections.abc import Sequence

import numpy as np
import pytest

from alarms.hypothermia import at as value_at
from alarms.hypothermia import course, first_hour_drop, first_reading, slope
from alarms.hypothermia.types import VERSION, Channel, Course, Mode, Outcome, Window
from alarms.temperature import Core, sites
from tests.alarms.hypothermia_beds import FIRST, at, channel, spots, window


def of(*channels: Channel, minutes: int = 120, **others: object) -> Course:
    return course(channels, window(minutes, 0, **others))


def outcome(*channels: Channel, minutes: int = 120) -> Outcome:
    return of(*channels, minutes=minutes).outcome


def test_36_0_exactly_is_no_hypothermia() -> None:
    assert outcome(channel([36.0] * 120)) is Outcome.NO_EVENT
    assert outcome(channel([35.99] * 120)) is Outcome.EVENT
    assert outcome(channel([96.8] * 120)) is Outcome.NO_EVENT
    assert outcome(channel([(96.8 - 32) * 5 / 9 - 1e-12] * 120)) is Outcome.NO_EVENT
    assert outcome(spots({0: 36.0, 40: 36.0})) is Outcome.NO_EVENT


def test_36_0_printed_is_not_compared() -> None:
    """35.96 is printed as 36.0."""
    assert outcome(channel([35.96] * 120)) is Outcome.EVENT


def test_unmapped_probe_is_counted_for_itself() -> None:
    found = of(channel([34.0] * 120, "unknown"))
    assert (found.outcome, found.site, found.rule) == (Outcome.UNMAPPED, "unknown", Mode.UNKNOWN)
    assert found.longest is None
    assert found.series.minute.size == 0
    assert np.isnan(found.metrics.nadir_c)
    assert outcome(spots({0: 34.0, 60: 34.0}, "unknown")) is Outcome.UNMAPPED


def test_unmapped_probe_beside_a_mapped_one_counts_for_nothing() -> None:
    found = of(channel([34.0] * 120, "unknown"), channel([36.5] * 120, "axilla"))
    assert (found.outcome, found.site) == (Outcome.NO_EVENT, "axilla")
    assert found.metrics.nadir_c == 36.5


def test_skin_probe_is_no_monitoring() -> None:
    found = of(channel([33.0] * 120, "skin"))
    assert (found.outcome, found.site) == (Outcome.UNMONITORED, "")
    assert outcome(spots({0: 34.0, 60: 34.0}, "infrared")) is Outcome.UNMONITORED
    assert outcome() is Outcome.UNMONITORED


def test_skin_probe_beside_a_core_one_counts_for_nothing() -> None:
    found = of(channel([33.0] * 120, "skin"), channel([36.5] * 120))
    assert (found.outcome, found.metrics.nadir_c) == (Outcome.NO_EVENT, 36.5)


def test_skin_probe_said_to_be_of_the_core_is_flagged() -> None:
    found = of(channel([31.5] * 120, "skin"), channel([32.8] * 120))
    assert (found.screened[1].flagged == "temp.site").all()


@pytest.mark.parametrize("lying", [[23.5] * 60, [33.0] * 180, [34.8] * 180])
def test_probe_out_at_the_end_is_no_hypothermia(lying: Sequence[float]) -> None:
    """It lies in the room, or under the blanket, and the monitor stays on: for hours."""
    falling = [36.4 - 0.45 * i for i in range(1, 60) if 36.4 - 0.45 * i > lying[0]]
    found = of(channel([36.4] * 90 + falling + list(lying)), minutes=400)
    assert (found.outcome, found.longest) == (Outcome.NO_EVENT, None)
    assert (found.metrics.nadir_c, found.series.minute.max()) == (36.4, FIRST + 89)
    assert {"temp.probe_out"} <= set(found.screened[0].excluded.tolist()) - {"", "temp.warm_up", "temp.range"}


def test_probe_out_at_the_end_a_little_is_trimmed() -> None:
    """It is still warm when the tube is out, and goes on after it."""
    found = of(channel([36.4] * 90 + [36.0] + [35.8] * 40), minutes=400, ends_us=(at(95),))
    assert (found.outcome, found.longest) == (Outcome.NO_EVENT, None)
    assert (found.screened[0].excluded == "temp.end_trim").sum() == 41


def test_probe_out_and_back_is_believed_again() -> None:
    there, out = [36.4] * 60, [36.4 - 0.45 * i for i in range(1, 15)]
    found = of(channel([*there, *out, *[30.0] * 10, *[36.0, 36.2], *[35.8] * 40]), minutes=400)
    assert found.outcome is Outcome.EVENT
    assert found.longest is not None
    assert found.longest.start_us >= at(86)


def test_intended_cooling_is_flagged_and_stays_in_the_denominator() -> None:
    cooled = ((at(20), at(80)),)
    values = [36.5] * 20 + [36.5 - 0.2 * i for i in range(60)] + [26.0] * 40
    found = of(channel(values), cooled=cooled)
    assert (found.outcome, found.cooled) == (Outcome.EVENT, True)
    assert found.metrics.nadir_c < 26
    assert of(channel([36.5] * 120), cooled=((at(20), None),)).cooled
    assert not of(channel([36.5] * 120), cooled=((at(200), None),)).cooled
    assert not of(channel([36.5] * 120), cooled=((at(-30), at(0)),)).cooled


def test_pacu_continues_the_window() -> None:
    """20 min low before leaving the room, 20 min after: one run where the hole is bridged, two where it is not."""
    room = {minute: 36.2 if minute < 60 else 35.8 for minute in range(80)}

    def with_pacu(since: int) -> Course:
        pacu = channel(dict.fromkeys(range(since - 3, since + 20), 35.7), "axilla")
        return of(channel(room), pacu, minutes=200)

    found = with_pacu(85)
    assert found.outcome is Outcome.EVENT
    assert found.longest is not None
    assert (found.longest.start_us, found.longest.minutes, found.longest.bridged_min) == (at(60), 45, 5)
    later = with_pacu(86)
    assert (later.outcome, later.longest and later.longest.minutes) == (Outcome.NO_EVENT, 20)


def test_pacu_by_hand_after_a_probe_in_the_room() -> None:
    """Each rule for itself, and an event by either."""
    probe = channel([36.2] * 100)
    found = of(probe, spots({110: 35.8, 140: 35.7, 150: 36.4}, "axilla"), minutes=200)
    assert (found.outcome, found.rule, found.site) == (Outcome.EVENT, Mode.SPOT, "axilla")
    assert found.longest is not None
    assert (found.longest.start_us, found.longest.end_us) == (at(110), at(140))
    assert found.metrics.nadir_c == 35.7
    both = of(channel([36.2] * 20 + [35.5] * 80), spots({110: 35.8, 170: 35.7}, "axilla"), minutes=200)
    assert (both.rule, both.site, both.metrics.nadir_c) == (Mode.CONTINUOUS, "nasopharynx", 35.5)
    neither = of(probe, spots({110: 35.8, 130: 35.7}, "axilla"), minutes=200)
    assert (neither.outcome, neither.rule) == (Outcome.NO_EVENT, Mode.SPOT)


def test_readings_by_hand_around_a_normal_course_are_not_successive_lows() -> None:
    """Cold on arrival, normal for an hour and a half by a better site, cold once in the PACU."""
    hand = spots({0: 35.7, 120: 35.8}, "axilla")
    assert of(hand, minutes=200).outcome is Outcome.EVENT
    assert of(hand, channel(dict.fromkeys(range(10, 100), 36.4)), minutes=200).outcome is Outcome.NO_EVENT
    worse = channel(dict.fromkeys(range(10, 100), 36.4), "axilla")
    assert of(spots({0: 35.7, 120: 35.8}, "bladder"), worse, minutes=200).outcome is Outcome.EVENT


def test_only_the_window_counts() -> None:
    values = channel([35.5] * 40 + [36.5] * 40 + [35.5] * 80)
    assert course([values], window(160)).outcome is Outcome.EVENT
    assert course([values], window(100, start=20)).outcome is Outcome.NO_EVENT
    assert course([values], window(None, start=20)).outcome is Outcome.EVENT
    readings = spots({0: 35.5, 20: 35.5, 35: 35.5, 100: 36.5})
    assert course([readings], window(160)).outcome is Outcome.EVENT
    assert course([readings], window(35)).outcome is Outcome.INDETERMINATE
    assert course([readings], window(36)).outcome is Outcome.EVENT


@pytest.mark.parametrize(("minutes", "found"), [(33, Outcome.NO_EVENT), (32, Outcome.INDETERMINATE)])
def test_monitored_for_less_than_half_an_hour_is_indeterminate(minutes: int, found: Outcome) -> None:
    """The first three minutes of a probe are its warming up."""
    assert outcome(channel([36.5] * minutes)) is found
    assert outcome(channel([36.5] * minutes), spots({0: 36.5})) is found
    assert outcome(channel([36.5] * 10), spots({0: 36.5, minutes: 36.6})) is Outcome.NO_EVENT


def test_readings_by_hand_within_half_an_hour_are_indeterminate() -> None:
    assert outcome(spots({0: 36.5, 20: 35.9})) is Outcome.INDETERMINATE
    assert outcome(spots({0: 36.5, 29: 35.9})) is Outcome.NO_EVENT


@pytest.mark.parametrize(
    ("mode", "every", "rule"),
    [(Mode.UNKNOWN, 5, Mode.CONTINUOUS), (Mode.UNKNOWN, 6, Mode.SPOT), (Mode.SPOT, 1, Mode.SPOT),
     (Mode.CONTINUOUS, 5, Mode.CONTINUOUS), (Mode.UNKNOWN, 200, Mode.SPOT)],
)  # fmt: skip
def test_the_mode_belongs_to_the_channel(mode: Mode, every: int, rule: Mode) -> None:
    found = of(channel(dict.fromkeys(range(0, 120, every), 36.5), mode=mode))
    assert (found.rule, list(found.modes)) == (rule, [rule])


def test_a_probe_that_tells_each_five_minutes_is_bridged() -> None:
    found = of(channel(dict.fromkeys(range(0, 121, 5), 35.8), mode=Mode.UNKNOWN), minutes=121)
    assert found.longest is not None
    assert (found.outcome, found.longest.minutes, found.longest.bridged_min) == (Outcome.EVENT, 116, 92)


def test_in_each_minute_the_best_site_counts() -> None:
    bladder = channel([35.5] * 120, "bladder")
    found = of(bladder, channel(dict.fromkeys(range(10, 60), 36.5), "oesophagus"))
    assert found.series.raw.tolist() == [35.5] * 10 + [36.5] * 47 + [35.5] * 60
    assert found.series.channel.tolist() == [0] * 10 + [1] * 47 + [0] * 60
    assert (found.outcome, found.site) == (Outcome.EVENT, "bladder")


def test_of_readings_by_hand_in_one_minute_those_of_the_best_site_count() -> None:
    found = of(spots({0: 35.5, 40: 35.5}, "axilla"), spots({40: 36.5}, "bladder"))
    assert [value for _, value in found.spots] == [35.5, 36.5]
    assert found.outcome is Outcome.NO_EVENT


def test_two_sites_that_differ_are_flagged() -> None:
    found = of(channel([35.0] * 60, "bladder"), channel([36.1] * 60, "oesophagus"), minutes=60)
    assert np.flatnonzero(found.screened[1].flagged == "temp.differs").tolist() == list(range(7, 60))
    assert (found.screened[0].flagged == "").all()


def test_what_the_device_doubts_is_kept_and_named() -> None:
    found = of(channel([34.0] * 120, usable=False))
    assert found.outcome is Outcome.UNMONITORED
    assert set(found.screened[0].excluded.tolist()) == {"temp.device"}
    assert found.channels[0].value.tolist() == [34.0] * 120


def test_the_evidence() -> None:
    found = of(channel([36.2] * 40 + [35.8] * 20 + [35.5] + [35.8] * 20 + [36.2] * 39))
    assert found.longest is not None
    assert (found.longest.start_us, found.longest.end_us) == (at(40), at(81))
    assert (found.metrics.nadir_c, found.metrics.nadir_us) == (35.8, at(40))
    assert (found.site, found.rule, found.version) == ("nasopharynx", Mode.CONTINUOUS, VERSION)
    assert found.metrics.recovery_min == 41
    assert found.metrics.below_min == {36.0: 41.0, 35.5: 0.0, 35.0: 0.0}
    assert found.metrics.auc36 == pytest.approx(41 * 0.2 / 60)
    assert found.metrics.valid_share == pytest.approx(117 / 120)


def test_nothing_is_said_of_nothing() -> None:
    found = course([], Window(start_us=0))
    assert np.isnan([found.metrics.auc36, found.metrics.nadir_c, found.metrics.valid_share]).all()
    assert np.isnan(list(found.metrics.below_min.values())).all()
    assert (found.metrics.nadir_us, found.metrics.valid_min) == (None, 0)


def test_temperatures_at_times() -> None:
    found = of(channel({m: 36.0 + m / 100 for m in range(30, 100)})).series
    assert value_at(found, at(60)) == pytest.approx(36.6)
    assert value_at(found, at(60.9)) == pytest.approx(36.6)
    first, last = found.minute[0] - FIRST, found.minute[-1] - FIRST
    assert value_at(found, at(first - 5)) == pytest.approx(found.value[0])
    assert np.isnan(value_at(found, at(first - 6)))
    assert value_at(found, at(last + 2), within_min=2) == pytest.approx(found.value[-1])
    assert np.isnan(value_at(found, at(last + 3), within_min=2))
    assert np.isnan(value_at(course([], Window(start_us=0)).series, at(0)))


def test_the_drop_of_the_first_hour() -> None:
    found = of(channel({m: 37.0 - m / 100 for m in range(120)})).series
    assert first_hour_drop(found, at(10)) == pytest.approx(0.6)
    assert np.isnan(first_hour_drop(found, at(100)))


def test_the_first_value_of_a_probe_that_went_in_after_the_tube_stands_for_that_at_induction() -> None:
    found = of(channel({m: 37.0 - m / 100 for m in range(20, 120)})).series
    first = int(found.minute[0]) - FIRST
    assert first_hour_drop(found, at(first - 15)) == pytest.approx(0.45, abs=0.02)
    assert np.isnan(first_hour_drop(found, at(first - 16)))


def test_the_robust_line_does_not_follow_a_spike() -> None:
    minute = np.arange(20)
    value = 36.5 - minute / 60
    value[7] = 33.0
    assert slope(minute, value, 20) == pytest.approx(-1.0)
    assert slope(minute, value, 30) == pytest.approx(-1.0)
    assert np.isnan(slope(minute, value, 31))


def test_the_first_temperature_after_a_time() -> None:
    told = [
        channel([36.5] * 60),
        channel([33.0] * 120, "skin"),
        spots({65: 24.0, 70: 35.8}, "infrared"),
        spots({70: 36.9}, "unknown"),
    ]
    found = first_reading(of(*told), at(62))
    assert found is not None
    assert (found.at_us, found.value, found.site) == (at(70), 36.9, sites()["unknown"])
    inside = first_reading(of(*told), at(30.5))
    assert inside is not None
    assert (inside.at_us, inside.site.core) == (at(30), Core.CORE)
    assert first_reading(of(*told), at(71)) is None
    assert first_reading(of(*told), at(70) + 1) is None
