"""Expressions of three values, against truth tables that know nothing of numpy, and against what must not be read."""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charting.quality.logic import LONGEST, NO, UNKNOWN, YES, Column, Expression, ExpressionError, Kind, Parameter

NAMES = {
    "a": Kind.TRUTH, "b": Kind.TRUTH, "c": Kind.TRUTH, "x": Kind.NUMBER, "y": Kind.NUMBER, "s": Kind.TEXT,
    "t": Kind.TEXT, "limit": Kind.NUMBER, "on": Kind.TRUTH, "word": Kind.TEXT,
}  # fmt: skip
PARAMETERS: dict[str, Parameter] = {"limit": 36.0, "on": True, "word": "p"}

Three = bool | None
Row = Mapping[str, Any]
Said = tuple[str, Callable[[Row], Any]]
"""An expression, and what it is of one case: worked out with Python's own values."""


def _and(p: Three, q: Three) -> Three:
    table = {
        (True, True): True, (True, None): None, (True, False): False,
        (None, True): None, (None, None): None, (None, False): False,
        (False, True): False, (False, None): False, (False, False): False,
    }  # fmt: skip
    return table[p, q]


def _or(p: Three, q: Three) -> Three:
    table = {
        (True, True): True, (True, None): True, (True, False): True,
        (None, True): True, (None, None): None, (None, False): None,
        (False, True): True, (False, None): None, (False, False): False,
    }  # fmt: skip
    return table[p, q]


def _not(p: Three) -> Three:
    return {True: False, False: True, None: None}[p]


def _compared(sign: str, p: Any, q: Any) -> Three:
    signs = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}
    known = [v for v in (p, q) if v is not None]
    if len(known) < 2:
        return None
    return p != q if sign == "!=" else bool(signs[sign](p, q))


def _reckoned(sign: str, p: Any, q: Any) -> float | None:
    if p is None or q is None or (sign == "/" and q == 0):
        return None
    found = {"+": p + q, "-": p - q, "*": p * q, "/": p / q if q else 0.0}[sign]
    return float(found)


def _of(name: str) -> Said:
    return name, lambda row: row[name]


numbers = st.recursive(
    st.sampled_from(["x", "y", "limit"]).map(_of)
    | st.sampled_from(["0", "36", "35.5"]).map(lambda n: (n, lambda _: float(n))),
    lambda inner: (
        st.tuples(st.sampled_from("+-*/"), inner, inner).map(
            lambda p: (f"({p[1][0]} {p[0]} {p[2][0]})", lambda row: _reckoned(p[0], p[1][1](row), p[2][1](row)))
        )
        | inner.map(lambda p: (f"(-{p[0]})", lambda row: None if p[1](row) is None else -p[1](row)))
    ),
    max_leaves=4,
)
texts = st.sampled_from(["s", "t", "word"]).map(_of) | st.sampled_from("pq").map(lambda w: (f'"{w}"', lambda _: w))


def _comparison(p: tuple[str, Said, Said]) -> Said:
    sign, left, right = p
    return f"{left[0]} {sign} {right[0]}", lambda row: _compared(sign, left[1](row), right[1](row))


def _member(p: tuple[bool, Said, list[Said]]) -> Said:
    inside, left, elements = p

    def truth(row: Row) -> Three:
        found: Three = False
        for element in elements:
            found = _or(found, _compared("==", left[1](row), element[1](row)))
        return found if inside else _not(found)

    word = "in" if inside else "not in"
    return f"{left[0]} {word} {{{', '.join(text for text, _ in elements)}}}", truth


def _chain(p: tuple[Said, Said, Said]) -> Said:
    low, middle, high = p
    return f"{low[0]} <= {middle[0]} < {high[0]}", lambda row: _and(
        _compared("<=", low[1](row), middle[1](row)), _compared("<", middle[1](row), high[1](row))
    )


leaves = (
    st.sampled_from(["a", "b", "c", "on"]).map(_of)
    | st.just(("unknown", lambda _: None))
    | st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers, numbers).map(_comparison)
    | st.tuples(st.sampled_from(["==", "!="]), texts, texts).map(_comparison)
    | st.tuples(st.booleans(), texts, st.lists(texts, min_size=1, max_size=3)).map(_member)
    | st.tuples(st.booleans(), numbers, st.lists(numbers, min_size=1, max_size=2)).map(_member)
    | st.tuples(numbers, numbers, numbers).map(_chain)
)
truths = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(inner, inner).map(
            lambda p: (f"({p[0][0]} and {p[1][0]})", lambda row: _and(p[0][1](row), p[1][1](row)))
        )
        | st.tuples(inner, inner).map(
            lambda p: (f"({p[0][0]} or {p[1][0]})", lambda row: _or(p[0][1](row), p[1][1](row)))
        )
        | inner.map(lambda p: (f"(not {p[0]})", lambda row: _not(p[1](row))))
    ),
    max_leaves=6,
)
three = st.sampled_from([True, False, None])
number = st.sampled_from([None, 0.0, 35.5, 36.0, 36.1, -3.0])
text = st.sampled_from([None, "p", "q", "r"])
rows = st.lists(
    st.fixed_dictionaries({"a": three, "b": three, "c": three, "x": number, "y": number, "s": text, "t": text}),
    min_size=1,
    max_size=6,
)


def columns(said: list[dict[str, Any]]) -> dict[str, Column]:
    def column(name: str) -> Column:
        if NAMES[name] is Kind.TRUTH:
            return np.array([UNKNOWN if row[name] is None else int(row[name]) for row in said], dtype=np.int8)
        if NAMES[name] is Kind.NUMBER:
            return np.array([math.nan if row[name] is None else row[name] for row in said], dtype=np.float64)
        return np.array([row[name] or "" for row in said], dtype=np.str_)

    return {name: column(name) for name in said[0]}


@settings(deadline=None)
@given(said=truths, cases=rows)
def test_agrees_with_the_truth_tables(said: Said, cases: list[dict[str, Any]]) -> None:
    written, truth = said
    found = Expression.parse(written, NAMES).evaluate(columns(cases), PARAMETERS, len(cases))
    assert [{YES: True, NO: False, UNKNOWN: None}[int(v)] for v in found] == [
        truth({**case, **PARAMETERS}) for case in cases
    ]


def test_null_planned_is_neither_planned_nor_unplanned() -> None:
    """The trap of `not planned` in SQL: who has not said whether it was planned is lost to neither side."""
    facts: dict[str, Column] = {"a": np.array([YES, NO, UNKNOWN], dtype=np.int8)}
    planned = Expression.parse("a", NAMES).evaluate(facts, {}, 3)
    unplanned = Expression.parse("not a", NAMES).evaluate(facts, {}, 3)
    assert planned.tolist() == [YES, NO, UNKNOWN]
    assert unplanned.tolist() == [NO, YES, UNKNOWN]


def test_36_exactly_is_not_below_36() -> None:
    facts: dict[str, Column] = {"x": np.array([36.0, math.nextafter(36.0, 0), math.nan])}
    assert Expression.parse("x < limit", NAMES).evaluate(facts, PARAMETERS, 3).tolist() == [NO, YES, UNKNOWN]


def test_a_parameter_alone_is_true_of_every_case() -> None:
    assert Expression.parse("on", NAMES).evaluate({}, PARAMETERS, 3).tolist() == [YES] * 3
    assert Expression.parse('word == "p" and limit > 3', NAMES).evaluate({}, PARAMETERS, 2).tolist() == [YES] * 2
    assert Expression.parse("on", NAMES).evaluate({}, PARAMETERS, 0).tolist() == []


def test_lines_are_joined() -> None:
    parsed = Expression.parse("\n  a and\n  x < limit\n", NAMES)
    assert parsed.names == {"a", "x", "limit"}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "there is nothing"),
        ("a and", "column"),
        ("a and nowhere", "column 7: 'nowhere' is neither a fact nor a parameter"),
        ("x", "expected something that is true or not, this is a number"),
        ("s", "this is a text"),
        ("a and x", "column 7: expected a truth, 'x' is a number"),
        ("not s", "column 5: expected a truth, 's' is a text"),
        ("a + 1 > 2", "column 1: expected a number, 'a' is a truth"),
        ("a == b", "what is true or not is not compared"),
        ("x < s", "column 5: expected a number, 's' is a text"),
        ("s < t", "texts are equal or not"),
        ('s == ""', "an empty text is what is not known"),
        ("s in t", "column 6: expected a set"),
        ('s in ["p"]', "expected a set"),
        ("s in {1}", "column 7: expected a text, '1' is a number"),
        ("x < y in {1}", "expected a set"),
        ("x is y", "expected <"),
        ("True", "True is not taken"),
        ("x == 1j", "1j is not taken"),
        ('"体温" == s and nowhere', "column 15"),
        ("a if b else c", "nothing that an expression may say"),
        ("a(b)", "nothing that an expression may say"),
        ("x.real > 1", "nothing that an expression may say"),
        ("x ** y > 1", "nothing that an expression may say"),
        ("(lambda: a)()", "nothing that an expression may say"),
        ("{a for b in c}", "nothing that an expression may say"),
        ("+x > 1", "nothing that an expression may say"),
        ("a) or (b", "column"),
        ("a; b", "column"),
        ("a\0", "null bytes"),
        ("x > 1e999", "column 5: no number of ours is so large"),
        ("x > 1" + "0" * 400, "no number of ours is so large"),
        ("1 if", "column"),
        ('s == "\\d"', "column"),
        ("a and " * LONGEST, f"longer than {LONGEST} characters"),
        ("(" * 400 + "a" + ")" * 400, "column"),
    ],
)
def test_says_where_and_why_it_cannot_be_read(written: str, told: str) -> None:
    with pytest.raises(ExpressionError) as error:
        Expression.parse(written, NAMES)
    assert told in str(error.value)


@settings(deadline=None)
@given(st.text(st.sampled_from(list("ab xs()<>=!\"'{},.+-*/%0123andornotif\\\n[]:#&|~@é")), max_size=40))
def test_whatever_is_written_is_an_expression_or_an_error(written: str) -> None:
    try:
        parsed = Expression.parse(written, NAMES)
    except ExpressionError:
        return
    facts: dict[str, Column] = {
        "a": np.array([YES, UNKNOWN], dtype=np.int8),
        "b": np.array([NO, YES], dtype=np.int8),
        "x": np.array([1.0, math.nan]),
        "s": np.array(["a", ""], dtype=np.str_),
    }
    assert set(parsed.evaluate(facts, PARAMETERS, 2).tolist()) <= {YES, NO, UNKNOWN}
