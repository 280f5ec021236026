"""Sequences of messages lead to the cases that stand in the table, whatever way they come."""

from itertools import islice, permutations
from random import Random

import pytest

from charting.trail.entries import Discarded, Moved, Opened
from tests.charting.inbox.messages import EXPECTED, Site, at_us, check, seen, sequence

ALL = tuple(EXPECTED)
LONG = ("case_day", "Moves", "CancelTransfer", "CancelDischarge")


@pytest.mark.parametrize("name", ALL)
def test_in_order(name: str) -> None:
    site = Site.of(name)
    site.tell(*sequence(name))
    check(name, site)
    assert set(site.states) == {"done"}


def test_the_day_of_an_operation() -> None:
    site = Site.of("case_day")
    day = sequence("case_day")
    site.tell(*day[:2])
    assert site.cases == []
    site.tell(day[2])
    assert [(c.bed, c.provisional) for c in site.cases] == [("OR-03", True)]
    site.tell(day[3])
    assert site.cases == []
    site.tell(*day[4:6])
    (case,) = site.cases
    assert [(s.bed, s.start_us) for s in case.stays] == [("OR-05", at_us("2026-03-05 09:10", "Asia/Shanghai"))]
    site.tell(*day[6:])
    check("case_day", site)
    bodies = [type(e.body) for e in site.desk.trail.all() if isinstance(e.body, Opened | Moved | Discarded)]
    assert bodies == [Opened, Discarded, Opened, Moved]


@pytest.mark.parametrize("name", ["CancelAdmit", "CancelBooking"])
def test_in_every_order(name: str) -> None:
    for order in permutations(sequence(name)):
        site = Site.of(name)
        site.tell(*order)
        check(name, site)


@pytest.mark.parametrize("name", LONG)
def test_in_random_orders_and_more_than_once(name: str) -> None:
    chance = Random(7)
    for _ in range(20):
        order = [*sequence(name), *chance.sample(sequence(name), 3)]
        chance.shuffle(order)
        site = Site.of(name)
        site.tell(*order)
        check(name, site)


@pytest.mark.soak
@pytest.mark.parametrize("name", LONG)
def test_in_thousands_of_orders(name: str) -> None:
    orders = list(permutations(sequence(name)))
    Random(3).shuffle(orders)
    for order in islice(orders, 2_000):
        site = Site.of(name)
        site.tell(*order)
        check(name, site)


@pytest.mark.parametrize("name", ALL)
def test_all_at_once(name: str) -> None:
    """What came while nobody looked is done as if somebody had."""
    site, other = Site.of(name), Site.of(name)
    for message in reversed(sequence(name)):
        site.door.take(message)
    site.look()
    check(name, site)
    other.tell(*reversed(sequence(name)))
    assert [seen(c) for c in site.cases] == [seen(c) for c in other.cases]


def test_what_is_sent_again_is_the_same_message() -> None:
    site = Site.of("case_day")
    site.tell(*sequence("case_day"))
    last = site.desk.trail.last()
    site.tell(*sequence("case_day"))
    assert site.desk.trail.last() == last
    assert len(site.states) == len(sequence("case_day"))
