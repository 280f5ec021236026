"""What the advisories are told, against cases written by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from alarms.hypothermia.types import Outcome
from alarms.situation import Situation
from charting.library.library import Libraries
from charting.trail.contents import Bolus, Coded, Content, Event, Finding, Infusion, Rate, Score, Term, Warming
from charting.trail.entries import Body, Closed, Moved, Opened, Set, Thermometer, Thermometry
from charting.watch.advice import warmth
from charting.watch.situation import situation
from collector.model import Role
from collector.series import Minutes
from tests.charting.filler.made import DOCUMENT, MINUTE_US, at, event, folded, opened, started
from tests.page.data import series

LIBRARIES = Libraries.sample()
NOW = 120


def seen(
    *bodies: Body, gases: Sequence[Minutes] = (), now: float = NOW, first: Opened | None = None
) -> Situation | None:
    return situation(folded(first or opened(), started(), *bodies), LIBRARIES, gases, at(now))


def told(*bodies: Body, gases: Sequence[Minutes] = (), now: float = NOW, first: Opened | None = None) -> Situation:
    found = seen(*bodies, gases=gases, now=now, first=first)
    assert found is not None
    return found


def put(content: Content, item: str = "x", document: str = DOCUMENT) -> Set:
    return Set(document=document, item=item, after=0, content=content)


def technique(code: str) -> Set:
    term = Term(library="techniques", version="2026.1", code=code, zh="", en="")
    return put(Coded(use="technique", term=term), f"technique{code}", "")


def minutes(code: str, unit: str, values: Mapping[float, float], role: Role = Role.MEASURED) -> Minutes:
    """Minute since T0 → value."""
    numbers = np.array(list(values.values()), np.float64)
    n = numbers.size
    return Minutes(
        series=series(code, unit, role=role),
        minute_us=np.array([at(m) for m in values], np.int64),
        last=numbers,
        low=numbers,
        high=numbers,
        count=np.ones(n, np.int64),
        questionable=np.zeros(n, np.bool_),
        demo=np.zeros(n, np.bool_),
    )


def temperatures(values: Sequence[float | None], since: float = 0, site: str = "nasopharynx") -> Thermometry:
    thermometer = Thermometer(
        bed="OR-03", device="monitor", code="MDC_TEMP_NASOPH", site=site, start_us=at(since), values=tuple(values)
    )
    return Thermometry(since_us=at(since), until_us=at(since + len(values)), thermometers=(thermometer,))


@pytest.mark.parametrize(
    ("bodies", "ga"),
    [
        ([technique("41")], True),
        ([technique("2")], False),
        ([technique("2"), event("t_tube_in", 5)], False),
        ([event("t_tube_in", 5)], True),
        ([technique("4")], None),
        ([], None),
    ],
)
def test_general_anaesthesia_is_what_is_coded_else_what_a_tube_says(bodies: Sequence[Body], ga: bool | None) -> None:
    assert told(*bodies).ga is ga


def test_cooling_is_what_people_say_or_the_technique_does() -> None:
    spans = [event("t_cool_start", 10), event("t_cool_end", 40), event("t_cpb_start", 50)]
    assert sorted(told(*spans).cooled) == [(at(10), at(40)), (at(50), None)]
    assert told(technique("44")).cooled == ((0, None),)
    assert told().cooled == ()


def test_the_target_is_what_was_said_last_of_cooling_that_has_not_ended() -> None:
    def said(minute: float, target: str) -> Set:
        content = Event(key="t_cool_start", at_us=at(minute), details={"target": target} if target else {})
        return put(content, f"event:{minute}", "")

    icu = opened(area="icu")
    assert told(said(10, "33"), first=icu).target_c == 33.0
    assert told(said(10, "33"), said(40, "37.5"), first=icu).target_c == 37.5
    assert told(said(10, "33"), said(40, ""), first=icu).target_c is None
    assert told(said(10, "33"), event("t_cool_end", 40), first=icu).target_c is None
    assert told(first=icu).target_c is None


def warm(
    start: float, end: float | None = None, device: Literal["forced_air", "fluid", "passive"] = "forced_air",
    set_c: float | None = None,
) -> Warming:  # fmt: skip
    return Warming(device=device, start_us=at(start), end_us=None if end is None else at(end), set_c=set_c)


@pytest.mark.parametrize(
    ("content", "on"),
    [
        (warm(10), True),
        (warm(10, NOW + 1), True),
        (warm(10, NOW), False),
        (warm(NOW + 1), False),
        (warm(10, device="fluid", set_c=41.0), True),
        (warm(10, device="fluid", set_c=20.0), None),
        (warm(10, device="passive"), None),
    ],
)
def test_warming_is_on_off_or_not_said(content: Content, on: bool | None) -> None:
    assert told(put(content)).warming is on


def term(zh: str, en: str = "") -> Term:
    return Term(library="own", version="1", code="x", zh=zh, en=en)


@pytest.mark.parametrize(
    ("bodies", "gases", "given"),
    [
        ([put(Bolus(drug=term("氯化琥珀胆碱注射液"), dose=100, unit="mg", route="iv", at_us=at(5)))], [], True),
        ([put(Bolus(drug=term("", "Suxamethonium"), dose=100, unit="mg", route="iv", at_us=at(5)))], [], True),
        ([put(Bolus(drug=term("琥珀酰明胶"), dose=500, unit="mL", route="iv", at_us=at(5)))], [], None),
        ([put(Infusion(what="vapour", drug=term("七氟烷"), unit="%", rates=(Rate(at_us=at(5), rate=2.0),)))], [], True),
        ([put(Infusion(what="vapour", drug=term("七氟烷"), unit="%", rates=(Rate(at_us=at(5), rate=0.0),)))], [], None),
        (
            [put(Infusion(what="drug", drug=term("丙泊酚"), unit="mL/h", rates=(Rate(at_us=at(5), rate=20.0),)))],
            [],
            None,
        ),
        ([], [minutes("MDC_CONC_AWAY_SEVOFL_ET", "%", {100: 1.8})], True),
        ([], [minutes("MDC_CONC_AWAY_SEVOFL_ET", "%", {100: 0.1})], None),
        ([], [minutes("MDC_CONC_AWAY_SEVOFL_ET", "%", {30: 1.8})], None),
    ],
)
def test_a_trigger_is_charted_or_breathed(bodies: Sequence[Body], gases: Sequence[Minutes], given: bool | None) -> None:
    assert told(*bodies, gases=gases).trigger is given


def test_carbon_dioxide_is_told_in_mmhg_by_minute_of_the_last_hour() -> None:
    first = at(0) // MINUTE_US
    kpa = minutes("MDC_CONC_AWAY_CO2_ET", "kPa", {59: 5.0, 61: 5.0, 100: 6.0})
    assert told(gases=[kpa]).etco2 == pytest.approx({first + 61: 37.503, first + 100: 45.004}, abs=0.001)
    share = minutes("MDC_CONC_AWAY_CO2_ET", "%", {100: 5.0})
    assert told(gases=[share]).etco2 == pytest.approx({first + 100: 38.0})
    doubtful = replace(kpa, questionable=np.array([False, True, False]))
    assert set(told(gases=[doubtful]).etco2) == {first + 100}
    assert told(gases=[minutes("MDC_CONC_AWAY_CO2_ET", "kPa", {100: 5.0}, Role.SET)]).etco2 == {}


def test_where_he_is_says_which_advisories_there_are() -> None:
    assert told().area == "or"
    assert told(first=opened(area="offsite")).area == "or"
    assert told(Moved(bed="PACU-1", area="pacu", at_us=at(60))).area == "pacu"
    assert seen(Moved(bed="", area="ward", at_us=at(60))) is None
    assert seen(Closed(at_us=at(60))) is None


def test_times_are_the_first_of_each_event() -> None:
    found = told(event("t_room_in", 1), event("t_tube_in", 9), event("t_tube_in", 30))
    assert found.times == {"t_room_in": at(1), "t_tube_in": at(9)}


def test_the_course_is_that_of_the_indicator_and_what_is_shown_of_it_is_its_end() -> None:
    falling = [36.5] * 15 + [36.3] * 5 + [35.8] * 22
    bodies: list[Body] = [event("t_room_in", 0), temperatures(falling)]
    found = told(*bodies, now=42).course
    assert found is not None
    shown = warmth(found)
    assert (shown.value_c, shown.at_us, shown.run_min, shown.nadir_c) == (35.8, at(41), 22, 35.8)
    assert shown.site is not None
    assert shown.site.name == "nasopharynx"
    assert (shown.outcome, shown.cooled) == (Outcome.NO_EVENT, False)
    event_now = told(*bodies[:1], temperatures([*falling, *[35.8] * 8]), now=50).course
    assert event_now is not None
    assert (warmth(event_now).run_min, warmth(event_now).outcome) == (30, Outcome.EVENT)
    assert told(temperatures(falling)).course is None, "nobody told when he came into a room"


def test_in_an_icu_a_day_is_looked_at_from_his_coming_on() -> None:
    came = opened(area="icu")
    found = told(first=came, now=60).course
    assert found is not None
    assert found.window.start_us == at(0)
    late = told(first=came, now=3 * 24 * 60).course
    assert late is not None
    assert late.window.start_us == at(2 * 24 * 60)


def test_after_an_arrest_in_an_icu_coma_is_what_was_scored_last() -> None:
    arrest = put(Finding(key="arrest", value="yes"), "finding:arrest", "")
    coma = put(Score(scale="GCS", at_us=at(10), parts={}, total=6), "gcs1")
    awake = put(Score(scale="GCS", at_us=at(20), parts={}, total=13), "gcs2")
    icu = opened(area="icu")
    assert told(arrest, coma, first=icu).after_arrest is True
    assert told(arrest, coma, awake, first=icu).after_arrest is False
    assert told(arrest, first=icu).after_arrest is None
    assert told(coma, first=icu).after_arrest is None
    assert told(arrest, coma).after_arrest is False
    refused = put(Finding(key="arrest", value="no"), "finding:arrest", "")
    assert told(refused, coma, first=icu).after_arrest is False
