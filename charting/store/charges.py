"""Lines of bills in a database (charting.charges.keeping)."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from charting.charges.keeping import Behind
from charting.charges.ledger import Charge, Payer, State
from charting.store.database import Database
from charting.store.tables import charge, head

_C = charge.c
_AT_ONCE = 500
"""Cases asked for in one statement."""


class DatabaseCharges:
    """Raises StoreError for a database that cannot be had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_case(self, case: str) -> Sequence[Charge]:
        return self.of_cases([case]).get(case, [])

    def of_cases(self, cases: Collection[str]) -> Mapping[str, Sequence[Charge]]:
        several, found = list(cases), dict[str, list[Charge]]()
        with self._database.read() as connection:
            for start in range(0, len(several), _AT_ONCE):
                some = several[start : start + _AT_ONCE]
                chosen = select(charge).where(_C.case_id.in_(some)).order_by(_C.case_id, _C.n)
                for row in connection.execute(chosen):
                    found.setdefault(row.case_id, []).append(stored_charge(row))
        return found

    def keep(self, case: str, seen: int, charges: Sequence[Charge], outcomes: Mapping[str, tuple[State, int]]) -> None:
        with self._database.write() as connection:
            connection.execute(select(head.c.seq).with_for_update())  # one after the other, also of several services
            known = connection.scalar(select(func.count()).select_from(charge).where(_C.case_id == case)) or 0
            if known != seen:
                raise Behind
            for parcel, (state, at_us) in outcomes.items():
                mine = (_C.case_id == case) & (_C.parcel == parcel)
                connection.execute(update(charge).where(mine).values(state=state, settled_us=at_us))
            if charges:
                connection.execute(insert(charge), [_columns(n, each) for n, each in enumerate(charges, known)])

    def open_cases(self) -> Sequence[str]:
        with self._database.read() as connection:
            return list(connection.scalars(select(_C.case_id).where(_C.state.in_(("sent", "withdrawn"))).distinct()))

    def counts(self) -> Mapping[str, int]:
        with self._database.read() as connection:
            rows = connection.execute(select(_C.state, func.count()).group_by(_C.state)).all()
        return {row[0]: row[1] for row in rows}


def _columns(n: int, each: Charge) -> dict[str, Any]:
    return {
        "id": each.id, "case_id": each.case, "n": n, "document": each.document, "version": each.version,
        "point": each.point, "source": each.source, "kind": each.kind, "item": each.item, "catalogue": each.catalogue,
        "quantity": f"{each.quantity:f}", "reverses": each.reverses, "at_us": each.at_us, "end_us": each.end_us,
        "number": each.payer.number, "visit": each.payer.visit, "account": each.by, "made_us": each.made_us,
        "parcel": each.parcel, "state": each.state, "settled_us": each.settled_us,
    }  # fmt: skip


def stored_charge(row: Row[*tuple[Any, ...]]) -> Charge:
    return Charge(
        id=row.id,
        case=row.case_id,
        document=row.document,
        version=row.version,
        point=row.point,
        source=row.source,
        kind=row.kind,
        item=row.item,
        catalogue=row.catalogue,
        quantity=Decimal(row.quantity),
        reverses=row.reverses,
        at_us=row.at_us,
        end_us=row.end_us,
        payer=Payer(number=row.number, visit=row.visit),
        by=row.account,
        made_us=row.made_us,
        parcel=row.parcel,
        state=row.state,
        settled_us=row.settled_us,
    )
