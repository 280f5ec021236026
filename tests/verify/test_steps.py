"""A clock that is set: what came after it is compared by what was told of it, and what was not told is seen."""

from dataclasses import replace

from collector.model import Entry
from collector.technical import STEP, Technical
from collector.timekeeping import CLOCK_STEP
from collector.verify.steps import untold
from collector.verify.testimony import Kept, without_steps
from tests.verify.speaking import SAID, SECOND_US, T0_US, at_s, changed, judged, kept, value

HOUR_US = 3_600 * SECOND_US


def step(at: float, size_s: float) -> Kept:
    told = kept(value(at, size_s, CLOCK_STEP))
    return changed(told, series=replace(told.entry.series, device="vitalsd"))  # type: ignore[union-attr]


SET = [
    *(kept(one) for one in SAID if at_s(one) < 20),
    step(20 + 3_600, 3_600.0),
    *(changed(kept(one), shift_us=HOUR_US) for one in SAID if 20 <= at_s(one) < 30),
    step(30, -3_600.0),
    *(kept(one) for one in SAID if at_s(one) >= 30),
]


def test_what_came_after_a_step_is_where_it_was_said() -> None:
    found = judged(SAID, without_steps(SET))
    assert (found.lost, found.invented, found.odd) == (0, 0, [])


def test_a_step_that_is_not_told_or_not_followed_is_seen() -> None:
    untold_ = [one for one in SET if one != step(20 + 3_600, 3_600.0)]
    assert judged(SAID, without_steps(untold_)).invented > 10 * 102
    behind = [changed(one, shift_us=-HOUR_US * (one == kept_at_25)) for one in SET]
    found = judged(SAID, without_steps(behind))
    assert (found.lost, found.invented) == (1, 1)


kept_at_25 = changed(kept(value(25, 61.0)), shift_us=HOUR_US)


def test_each_step_is_told_as_a_value_and_as_a_condition() -> None:
    technical = Technical("B", lambda: T0_US)
    shown: list[Entry] = [*technical.raised(STEP, "forward"), *technical.raised(STEP, "back")]
    told = [step(20 + 3_600, 3_600.0).entry, step(30, -3_600.0).entry]
    assert untold([*told, *shown], [3_600, -3_600]) == []
    assert untold([*told, *shown, *technical.cleared(STEP)], [3_600, -3_600]) == []
    assert len(untold([*told, *shown[:1]], [3_600, -3_600])) == 1
    assert len(untold([told[0], *shown], [3_600, -3_600])) == 1
    assert len(untold([told[1], told[0], *shown], [3_600, -3_600])) == 1
    assert len(untold([], [3_600])) == 2
