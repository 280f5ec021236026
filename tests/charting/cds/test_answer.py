"""Answers are hostile until checked."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charting.cds.answer import LARGEST, Refused, check
from charting.cds.discovery import endpoints
from charting.cds.texts import host_of, is_clean
from tests.charting.cds.cards import UUID, card
from tests.shared import capture

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def checked(*cards: Any) -> tuple[int, list[str]]:
    found = check(json.dumps({"cards": cards}).encode())
    return len(found.cards), list(found.refused)


def test_the_standards_example_is_read() -> None:
    (found,) = check(capture("fhir", "cdshooks_response.json").read_bytes()).cards
    assert (found.uuid, found.indicator) == ("8f0e3f1e-6a50-4e6b-8f8e-6b3b5d9b7e01", "warning")
    assert found.summary == "Penicillin allergy recorded: check prophylaxis choice"
    assert [each.label for each in found.suggestions or ()] == ["Replace with clindamycin"]
    assert "action" not in repr(found).casefold()  # what it would delete is not even read


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"summary": "a" * 140}, ""), ({"summary": "文" * 140}, ""), ({"summary": "a" * 141}, "summary"),
        ({"summary": ""}, "summary"), ({"summary": " "}, "summary"), ({"summary": "a\nb"}, "summary"),
        ({"summary": "a\x00b"}, "summary"), ({"summary": "a\x1b[31m"}, "summary"), ({"summary": "\ud800"}, "summary"),
        ({"summary": "dose 5\u202e01"}, "summary"), ({"summary": "a\u2066b"}, "summary"),
        ({"summary": "a\u200bb"}, "summary"), ({"summary": "a\u2028b"}, "summary"), ({"summary": 5}, "summary"),
        ({"summary": "Z" + "\u0334" * 40}, "summary"), ({"summary": "e\u0301te\u0301"}, ""),
        ({"indicator": "critical"}, ""), ({"indicator": "hard-stop"}, "indicator"), ({"indicator": None}, "indicator"),
        ({"uuid": None}, "uuid"), ({"uuid": "../../x"}, "uuid"), ({"uuid": UUID.upper()}, ""),
        ({"source": {}}, "source"), ({"source": {"label": "a" * 121}}, "source"), ({"source": "x"}, "source"),
        ({"source": {"label": "x", "url": "http://x.example/"}}, "source"),
        ({"source": {"label": "x", "url": "https://x.example/"}}, ""),
        ({"detail": "a\n\nb\r\n\tc"}, ""), ({"detail": "a" * 4001}, "detail"), ({"detail": "a\u202e"}, "detail"),
        ({"links": [{"label": "x", "url": "javascript:alert(1)"}]}, "links"),
        ({"links": [{"label": "x", "url": "https://x.example/?a=1", "type": "absolute"}]}, ""),
        ({"links": [{"label": "x", "url": "https://x.example/"}] * 21}, "links"),
        ({"suggestions": [{"label": "x", "actions": [{"type": "delete", "resourceId": "Patient/1"}]}]}, ""),
        ({"overrideReasons": [{"code": "x"}]}, "overrideReasons"), ({"extension": {"x": 1}, "made": "up"}, ""),
    ],
)  # fmt: skip
def test_a_card_is_taken_whole_or_not_at_all(said: dict[str, Any], why: str) -> None:
    assert checked(card(**said)) == ((0, [why]) if why else (1, []))


@pytest.mark.parametrize("lacking", ["uuid", "summary", "indicator", "source"])
def test_what_a_card_needs(lacking: str) -> None:
    made = card()
    del made[lacking]
    assert checked(made, card()) == (1, [lacking])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "json"), (b"<html>", "json"), (b"\xff\xfe", "json"), (b'{"cards":[],"x":NaN}', "json"),
         (b'{"cards":[]', "json"), (b"[]", "json"), (b"null", "json"),
        (b"{}", "cards"), (b'{"cards":{}}', "cards"), (b'{"cards":[], "x":Infinity}', "json"),
        (b'{"cards":[' + b"1," * 30 + b"1]}", "cards"),
        (b'{"cards":[],"x":' + b"9" * 5000 + b"}", "json"), (b'{"x":' * 900 + b"1" + b"}" * 900, "json"),
        (b'{"x":' * 40 + b"1" + b"}" * 40, "json"), (b" " * (LARGEST + 1), "size"),
        (b'{"cards":[' + b",".join([b"{}"] * 1_000) + b"]}", "cards"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_with_a_word(body: bytes, why: str) -> None:
    with pytest.raises(Refused) as refused:
        check(body)
    assert refused.value.args == (why,)


@settings(deadline=None)
@given(JSON)
def test_any_json_is_an_answer_or_refused(value: Any) -> None:
    for told in (value, {"cards": value}, {"cards": [value, card()]}):
        try:
            found = check(json.dumps(told).encode())
        except Refused:
            continue
        assert all(len(each.summary) <= 140 and is_clean(each.summary) for each in found.cards)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_refused(body: bytes) -> None:
    for read in (check, endpoints):
        try:
            read(body)
        except Refused:
            continue


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://guide.example/a?b=1#c", "guide.example"), ("https://guide.example:8443/", "guide.example:8443"),
        ("HTTPS://Guide.Example/", "guide.example"), ("http://guide.example/", ""), ("//guide.example/", ""),
        ("https://hospital.example@evil.example/", ""), ("https://evil.example\\@hospital.example/", ""),
        ("https://еvil.example/", ""), ("https:///x", ""), ("https://x.example:99999/", ""), ("https://[::1/", ""),
        ("https://x.example/ a", ""), ("https://x.example/\n", ""), ("javascript:alert(1)//https://x.example", ""),
        ("data:text/html,x", ""), ("https://x.example/" + "a" * 500, ""), ("", ""),
    ],
)  # fmt: skip
def test_a_link_leads_where_its_host_says_or_nowhere(url: str, host: str) -> None:
    assert host_of(url) == host


def test_what_a_service_has_is_read_as_far_as_it_can_be() -> None:
    good = {"hook": "order-select", "id": "dose", "prefetch": {"p": "Patient/{{context.patientId}}"}, "title": "T"}
    bad = [{**good, "id": id_} for id_ in ("../x", "..", ".", "")]
    bad += [{**good, "version": "1\u202e2"}, {**good, "hook": "a b"}, {**good, "prefetch": {"p": 5}}, {"id": "dose"}]
    assert [each.id for each in endpoints(json.dumps({"services": [*bad, "x", good]}).encode())] == ["dose"]
    with pytest.raises(Refused):
        endpoints(json.dumps({"services": [good] * 101}).encode())
