"""Lines of bills are kept whole or not at all, and none is overwritten: in memory and in databases, by one suite."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text

from charting.charges.keeping import Behind, Charges, MemoryCharges
from charting.charges.ledger import Charge, Payer
from charting.store.charges import DatabaseCharges
from charting.store.database import Database, StoreError

ONE = Charge(
    id="C1", case="a", document="d", version=1, point=9, source="drug", kind="CG", item="X1", catalogue="2026.1",
    quantity=Decimal("1.50"), at_us=5, end_us=7, payer=Payer(number="42", visit="7"), by="ann", made_us=11, parcel="F1",
)  # fmt: skip


class TestCharges:
    def test_they_are_there_as_they_were_in_their_order(self, charges: Charges) -> None:
        other = replace(ONE, id="B2", kind="CD", reverses="C1", quantity=Decimal("0.0001"), parcel="F2")
        charges.keep("a", 0, [ONE], {})
        charges.keep("b", 0, [replace(ONE, id="D4", case="b", parcel="F4")], {})
        charges.keep("a", 1, [other, replace(ONE, id="A3", parcel="F2")], {"F1": ("accepted", 99)})
        first = replace(ONE, state="accepted", settled_us=99)
        assert list(charges.of_case("a")) == [first, other, replace(ONE, id="A3", parcel="F2")]
        assert list(charges.of_case("c")) == []
        assert {case: [c.id for c in kept] for case, kept in charges.of_cases(["a", "b", "c"]).items()} == {
            "a": ["C1", "B2", "A3"], "b": ["D4"],
        }  # fmt: skip
        assert sorted(charges.open_cases()) == ["a", "b"]
        assert charges.counts() == {"accepted": 1, "sent": 3}
        charges.keep("b", 1, [], {"F4": ("withdrawn", 5)})
        assert sorted(charges.open_cases()) == ["a", "b"], "what was withdrawn may be sent again"
        charges.keep("b", 1, [], {"F4": ("accepted", 6)})
        assert list(charges.open_cases()) == ["a"]

    def test_whoever_has_not_seen_the_last_line_keeps_nothing(self, charges: Charges) -> None:
        charges.keep("a", 0, [ONE], {})
        with pytest.raises(Behind):
            charges.keep("a", 0, [replace(ONE, id="C2")], {"F1": ("accepted", 1)})
        assert list(charges.of_case("a")) == [ONE]

    def test_no_transaction_is_used_twice(self, charges: Charges) -> None:
        charges.keep("a", 0, [ONE], {})
        with pytest.raises((StoreError, ValueError)):
            charges.keep("b", 0, [replace(ONE, id="C2", case="b"), replace(ONE, case="b")], {})
        assert list(charges.of_case("b")) == []


@pytest.fixture
def charges(kept: Database | None) -> Charges:
    """Empty."""
    if kept is None:
        return MemoryCharges()
    with kept.write() as connection:
        connection.execute(text("delete from charge"))
    return DatabaseCharges(kept)
