"""Whatever a hospital tells, and in whatever order it comes: what stands at the end is the same."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charting.inbox.events import HospitalEvent, Kind, Place
from charting.inbox.timeline import episodes, visit_of
from tests.charting.inbox.messages import AREAS, EAU, M04, M05, RAT, Site, adt, seen

WARD = "WARD^1^2"
OR5, PACU = "OR^OR5^1", "PACU^1^4"
TIMES = [f"{hour:02}{minute:02}" for hour in range(9, 13) for minute in (0, 20, 40)]


@st.composite
def tellings(draw: st.DrawFn) -> list[bytes]:
    """Messages of one visit, none of which need make sense after the others."""
    count = draw(st.integers(2, 6))
    made = []
    for n in range(count):
        trigger = draw(st.sampled_from(["A01", "A02", "A02", "A02", "A03", "A08", "A11", "A12", "A13"]))
        at = draw(st.sampled_from(TIMES))
        recorded = draw(st.sampled_from([at, "1310", "1320"]))
        places = st.sampled_from([OR5, PACU, M05, M04, RAT, EAU, WARD, "ICU^1^1"])
        made.append(adt(trigger, n, at, draw(places), draw(places), recorded=recorded))
    return made


def told(messages: list[bytes]) -> Any:
    site = Site(zone="Asia/Shanghai")
    site.tell(*messages)
    return [seen(case) for case in site.cases]


def same_in_another_order(data: st.DataObject) -> None:
    messages = data.draw(tellings())
    again = data.draw(st.permutations([*messages, *messages[:2]]))
    assert told(again) == told(messages)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_arrival_says_nothing(data: st.DataObject) -> None:
    same_in_another_order(data)


@pytest.mark.soak
@given(st.data())
@settings(max_examples=3_000, deadline=None)
def test_the_order_of_arrival_says_nothing_at_length(data: st.DataObject) -> None:
    same_in_another_order(data)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_where_a_patient_was_hangs_on_what_was_told_alone(data: st.DataObject) -> None:
    kinds: st.SearchStrategy[Kind] = st.sampled_from(
        ["pre_admit", "admit", "transfer", "discharge", "cancel_admit", "cancel_transfer", "cancel_discharge"]
    )
    places = st.sampled_from([None, *(Place(told=bed, bed=bed, area=area) for bed, area in list(AREAS.items())[:5])])
    events = [
        HospitalEvent(
            kind=data.draw(kinds),
            key=str(n),
            occurred_us=data.draw(st.integers(0, 5)),
            recorded_us=data.draw(st.integers(0, 5)),
            visit="1",
            place=data.draw(places),
            prior=data.draw(places),
        )
        for n in range(data.draw(st.integers(0, 8)))
    ]
    made = visit_of(events)
    assert visit_of(data.draw(st.permutations([*events, *events]))) == made
    spans = [(s.start_us, s.end_us) for s in made.sojourns]
    assert all(end is None or start < end for start, end in spans)
    assert all(a[1] is not None and a[1] <= b[0] for a, b in pairwise(spans))
    assert [s for e in episodes(made.sojourns, icu_apart=False) for s in e.sojourns] == [
        s for s in made.sojourns if s.place.bed
    ]
