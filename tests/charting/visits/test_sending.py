"""A visit that arrives in pieces, again and again, in any order of retries: the acts in the trail are those of one."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from charting.accounts.actor import Actor
from charting.desk import Desk
from charting.trail.contents import Patient
from charting.trail.entries import Set, Signed, Started
from charting.trail.trail import MemoryTrail
from charting.visits.kinds import kinds
from charting.visits.sending import Arrived, Said, Sent, arrive
from tests.charting.clock import Clock
from tests.charting.quality.told import LIBRARIES
from tests.charting.web.hospital import NOW_US, ZONE, templates

WHO = Actor(account="wang", name="Wang", roles=frozenset({"anaesthetist"}))
SAID: dict[str, Any] = {
    "visit_time": "2026-11-24T14:00:00+08:00", "condition": "fair", "hoarseness_72": "no", "nerve_72": "yes",
    "nerve_kind": ("numbness",), "satisfaction": 8.0,
}  # fmt: skip


def opened() -> Desk:
    clock = Clock(NOW_US)
    desk = Desk(MemoryTrail(clock.now_us), templates(), LIBRARIES, clock.now_us, ZONE)
    patient = Patient(number="20260042", name="张三", sex="male")
    desk.open(WHO, bed="", area="ward", patient=patient, case="c1", at_us=NOW_US - 3_600_000_000)
    return desk


def send(desk: Desk, fields: Sequence[str], *, sign: bool = False) -> Arrived:
    answers = {field: Said(after=0, value=SAID[field]) for field in fields}
    sent = Sent(document="v1", answers=answers, whole=SAID if sign else None, reason="")
    return arrive(desk, WHO, "c1", kinds()["h72"], sent)


@settings(max_examples=40, deadline=None)
@given(
    order=st.permutations(list(SAID)), cut=st.integers(min_value=0, max_value=len(SAID)),
    again=st.lists(st.integers(min_value=1, max_value=3), min_size=3, max_size=3), replay=st.booleans(),
)  # fmt: skip
def test_however_often_and_in_whatever_pieces_it_is_sent_it_arrives_once(
    order: Sequence[str], cut: int, again: Sequence[int], replay: bool
) -> None:
    desk = opened()
    for fields, n in zip((order[:cut], order[cut:]), again, strict=False):
        for _ in range(n):
            assert not send(desk, fields).differs
    for _ in range(again[2]):
        assert send(desk, order if replay else [], sign=True).document("v1").locked
    if replay:  # what was on its way when the phone was put away comes last
        assert not send(desk, order[:cut]).refused
    own = [e.body for e in desk.trail.entries("c1") if getattr(e.body, "document", "") == "v1"]
    assert [type(body) for body in own] == [Started, *[Set] * len(SAID), Signed]
    assert {b.content.field: b.content.value for b in own if isinstance(b, Set) and b.content.kind == "answer"} == SAID
    assert {e.actor for e in desk.trail.entries("c1")} == {"wang"}
