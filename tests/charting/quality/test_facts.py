"""Facts as they are kept: what is known comes back as it was, and what is not known stays so."""

import json
from dataclasses import fields
from typing import Any, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st

from charting.quality.facts import Facts, from_json, to_json
from tests.charting.quality.told import derived, usual

TYPES = get_type_hints(Facts)
OF_TYPE: dict[object, st.SearchStrategy[object]] = {
    bool | None: st.sampled_from([True, False, None]),
    str: st.text(max_size=8),
    int: st.integers(0, 2**53),
    float: st.floats(allow_infinity=False),
    tuple[str, ...]: st.lists(st.sampled_from(["arrest", "allergy"]), unique=True).map(tuple),
}


@st.composite
def some(draw: st.DrawFn) -> Facts:
    said: dict[str, Any] = {f.name: draw(OF_TYPE[TYPES[f.name]]) for f in fields(Facts) if f.name != "times"}
    said |= {name: draw(st.text(min_size=1, max_size=8)) for name in ("case", "patient", "anchor")}
    return Facts(**said, times=draw(st.dictionaries(st.sampled_from(["t_death", "arrest"]), st.integers(0, 2**53))))


@settings(max_examples=60, deadline=None)
@given(some())
def test_facts_come_back_as_they_were_kept(facts: Facts) -> None:
    assert repr(from_json(to_json(facts))) == repr(facts)


def test_what_is_not_known_takes_no_room() -> None:
    facts = Facts(case="c", last=1, patient="p", anchor_us=0, anchor="opened", arrest=False, vas=0.0)
    assert json.loads(to_json(facts)) == {
        "case": "c", "last": 1, "patient": "p", "anchor_us": 0, "anchor": "opened", "arrest": False, "vas": 0.0,
    }  # fmt: skip


def test_what_is_derived_is_of_plain_values() -> None:
    found = derived(usual())
    for name, kind in TYPES.items():
        value = getattr(found, name)
        if kind == bool | None:
            assert value is None or type(value) is bool, name
        elif kind in {str, float, int}:
            assert type(value) is kind, name
