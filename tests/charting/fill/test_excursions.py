"""What the median of a cell hides is offered beside it (clinical.md §3.2)."""

import pytest

from tests.charting.fill.bed import HR, SPO2, SYS, Charted, at, but, mark, series, steady, without


@pytest.mark.parametrize(("seconds", "found"), [(59, False), (60, True), (100, True)])
def test_a_minute_below_is_offered(seconds: int, found: bool) -> None:
    charted = Charted([but(steady(SPO2, 98, 10), 260, 260 + seconds, 84)], 10, ("spo2",))
    assert charted.one("spo2", 5).value == 98
    if found:
        (one,) = charted.excursions("spo2")
        assert (one.extreme, one.mark_us, one.unit) == (84, mark(5), "%")
        assert (one.start_us, one.end_us) == (at(260), at(260 + seconds))
    else:
        assert charted.excursions("spo2") == []


def test_below_a_soft_limit_it_is_offered_however_near_the_median() -> None:
    charted = Charted([but(steady(SPO2, 73, 10), 260, 340, 68)], 10, ("spo2",))
    assert [e.extreme for e in charted.excursions("spo2")] == [68]


def test_what_the_median_shows_is_not_offered() -> None:
    assert Charted([steady(SPO2, 66, 10)], 10, ("spo2",)).excursions("spo2") == []
    assert Charted([steady(HR, 75, 10)], 10, ("hr",)).excursions("hr") == []


def test_above_and_below_in_one_cell() -> None:
    sys = but(but(steady(SYS, 120, 10), 200, 262, 175), 350, 412, 70)
    charted = Charted([sys], 10, ("abp_sys",))
    assert [(e.extreme, e.start_us) for e in charted.excursions("abp_sys")] == [(175, at(200)), (70, at(350))]


def test_the_farthest_of_several() -> None:
    sys = but(but(steady(SYS, 120, 10), 170, 232, 170), 300, 362, 185)
    assert [e.extreme for e in Charted([sys], 10, ("abp_sys",)).excursions("abp_sys")] == [185]


def test_an_hourly_cell_tells_of_its_whole_hour() -> None:
    """06:20 is minute 0: the mark is at minute 40, its hour from 10 to 70."""
    charted = Charted([but(steady(SPO2, 98, 80), 60 * 12, 60 * 15, 80)], 80, ("spo2",), step_min=60)
    (one,) = charted.excursions("spo2")
    assert (one.mark_us, one.extreme, one.start_us, one.end_us) == (mark(40), 80, at(60 * 12), at(60 * 15))


def test_artefacts_are_no_excursions() -> None:
    charted = Charted([but(steady(SPO2, 98, 10), 260, 340, 0)], 10, ("spo2",))
    assert charted.excursions("spo2") == []


def test_a_reading_a_minute_lasts_a_minute() -> None:
    values = [80.0] * 10
    values[5] = 130.0
    charted = Charted([series(HR, values, [60.0 * i for i in range(10)])], 10, ("hr",))
    (one,) = charted.excursions("hr")
    assert (one.extreme, one.start_us, one.end_us) == (130, mark(5), mark(6))


def test_two_short_falls_with_nothing_between_them_are_not_one_long_fall() -> None:
    """06:20 is minute 0: the mark is at minute 40, its hour from 10 to 70."""
    falls = but(but(steady(SPO2, 98, 80), 1200, 1240, 84), 1420, 1460, 84)
    charted = Charted([without(falls, 1240, 1420)], 80, ("spo2",), step_min=60)
    assert charted.one("spo2", 40).value == 98
    assert charted.excursions("spo2") == []


def test_the_farthest_of_several_when_it_came_first() -> None:
    sys = but(but(steady(SYS, 120, 10), 170, 232, 185), 300, 362, 170)
    assert [(e.extreme, e.start_us) for e in Charted([sys], 10, ("abp_sys",)).excursions("abp_sys")] == [(185, at(170))]


@pytest.mark.parametrize(("signal", "code", "limit", "beyond"), [("spo2", SPO2, 70, 65), ("hr", HR, 200, 210)])
def test_what_lies_beyond_the_soft_limit_is_offered_when_the_median_is_at_it(
    signal: str, code: str, limit: float, beyond: float
) -> None:
    charted = Charted([but(steady(code, limit, 10), 260, 340, beyond)], 10, (signal,))
    assert charted.one(signal, 5).value == limit
    assert [e.extreme for e in charted.excursions(signal)] == [beyond]
