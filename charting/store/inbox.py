"""What other systems told, in a database (charting.inbox.messages)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from charting.inbox.events import HospitalEvent
from charting.inbox.messages import (
    Event,
    Keeping,
    Message,
    MessageState,
    done_json,
    done_of,
    event_json,
    event_of,
    operation_json,
    stored_operation,
)
from charting.inbox.operations import Operation
from charting.store.database import Database
from charting.store.tables import booking as operation_list
from charting.store.tables import hospital_event, plain
from charting.store.tables import message as kept_message

_M, _E, _B = kept_message.c, hospital_event.c, operation_list.c
_ORDER = 0x7674_4D53
"""PostgreSQL's lock under which messages get their numbers, one after the other."""


class DatabaseMessages:
    """Raises StoreError for a database that cannot be had: nothing of the call is kept."""

    def __init__(self, database: Database, now_us: Callable[[], int]) -> None:
        self._database = database
        self._now_us = now_us

    def keep(self, source: str, key: str, body: bytes, same: Callable[[bytes], bool]) -> tuple[int, Keeping]:
        wanted = plain(key)
        again = and_(_M.key >= f"{wanted}#", _M.key < f"{wanted}$")  # LIKE finds no index in SQLite
        own = or_(_M.key == wanted, again)
        chosen = select(_M.seq, _M.body).where(_M.source == source, own).order_by(_M.seq)

        def there(known: Sequence[Row[*tuple[Any, ...]]]) -> int | None:
            return next((row.seq for row in known if bytes(row.body) == body or same(bytes(row.body))), None)

        with self._database.read() as connection:
            found = there(connection.execute(chosen).all())
        if found is not None:
            return found, "same"
        with self._database.write() as connection:
            if self._database.postgresql:
                connection.execute(select(func.pg_advisory_xact_lock(_ORDER)))
            known = connection.execute(chosen).all()
            found = there(known)
            if found is not None:
                return found, "same"
            seq = (connection.scalar(select(func.max(_M.seq))) or 0) + 1
            kept = Message(
                seq=seq,
                source=source,
                key=wanted if not known else f"{wanted}#{len(known) + 1}",
                received_us=self._now_us(),
                body=body,
            )
            connection.execute(insert(kept_message).values(source=source, key=kept.key, body=body, **_columns(kept)))
        return seq, "other" if known else "new"

    def read(self, seq: int, events: Sequence[HospitalEvent]) -> None:
        rows = [
            {
                "seq": seq,
                "n": n,
                "number": event.number,
                "old_number": event.old_number,
                "visit": event.visit,
                "booking": event.booking.id if event.booking else "",
                "body": plain(event_json(event)),
            }
            for n, event in enumerate(events, 1)
        ]
        with self._database.read() as connection:
            before = connection.execute(select(hospital_event).where(_E.seq == seq).order_by(_E.n)).mappings().all()
        if [dict(row) for row in before] == rows:
            return
        with self._database.write() as connection:
            connection.execute(delete(hospital_event).where(_E.seq == seq))
            if rows:
                connection.execute(insert(hospital_event), rows)

    def settle(self, message: Message) -> None:
        with self._database.write() as connection:
            connection.execute(update(kept_message).where(_M.seq == message.seq).values(_columns(message)))

    def find(self, seq: int) -> Message | None:
        with self._database.read() as connection:
            row = connection.execute(select(kept_message).where(_M.seq == seq)).first()
        return _message(row) if row else None

    def of_state(self, state: MessageState, limit: int = 200, after: int = 0) -> Sequence[Message]:
        chosen = select(kept_message).where(_M.state == state, _M.seq > after).order_by(_M.seq).limit(limit)
        with self._database.read() as connection:
            return [_message(row) for row in connection.execute(chosen)]

    def latest(
        self, *, state: MessageState | None = None, text: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[Message]:
        chosen = select(kept_message).order_by(_M.seq.desc()).limit(limit)
        if state is not None:
            chosen = chosen.where(_M.state == state)
        if before is not None:
            chosen = chosen.where(_M.seq < before)
        if text:
            place = func.strpos if self._database.postgresql else func.instr
            said = (_M.number, _M.visit, _M.key, _M.kind)
            chosen = chosen.where(or_(*(place(column, plain(text)) > 0 for column in said)))
        with self._database.read() as connection:
            return [_message(row) for row in connection.execute(chosen)]

    def counts(self) -> Mapping[MessageState, int]:
        counted = select(_M.state, func.count().label("messages")).group_by(_M.state)
        with self._database.read() as connection:
            return {row.state: row.messages for row in connection.execute(counted)}

    def of_visit(self, visit: str) -> Sequence[Event]:
        return self._events(_E.visit == plain(visit))

    def of_numbers(self, numbers: Collection[str]) -> Sequence[Event]:
        wanted = sorted(map(plain, numbers))
        return self._events(or_(_E.number.in_(wanted), _E.old_number.in_(wanted)))

    def of_booking(self, booking: str) -> Sequence[Event]:
        return self._events(_E.booking == plain(booking))

    def _events(self, where: ColumnElement[bool]) -> Sequence[Event]:
        chosen = select(_E.seq, _E.body).where(where).order_by(_E.seq, _E.n)
        with self._database.read() as connection:
            return [Event(seq=row.seq, event=event_of(row.body)) for row in connection.execute(chosen)]

    def put(self, operation: Operation) -> None:
        if self.operation(operation.id) == operation:
            return
        values = {
            "number": operation.number,
            "visit": operation.visit,
            "bed": operation.bed,
            "start_us": operation.start_us,
            "state": operation.state,
            "body": plain(operation_json(operation)),
        }
        with self._database.write() as connection:
            if not connection.execute(update(operation_list).where(_B.id == operation.id).values(values)).rowcount:
                connection.execute(insert(operation_list).values(id=operation.id, case_id="", **values))

    def begin(self, booking: str, case: str) -> None:
        with self._database.write() as connection:
            connection.execute(update(operation_list).where(_B.id == booking).values(case_id=case))

    def operation(self, booking: str) -> Operation | None:
        with self._database.read() as connection:
            row = connection.execute(select(_B.body, _B.case_id).where(_B.id == booking)).first()
        return stored_operation(row.body, row.case_id) if row else None

    def operations(self, since_us: int, until_us: int) -> Sequence[Operation]:
        chosen = select(_B.body, _B.case_id).where(_B.start_us >= since_us, _B.start_us < until_us)
        with self._database.read() as connection:
            found = connection.execute(chosen.order_by(_B.start_us, _B.id)).all()
        return [stored_operation(row.body, row.case_id) for row in found]


def _columns(kept: Message) -> dict[str, Any]:
    return {
        "seq": kept.seq,
        "received_us": kept.received_us,
        "kind": plain(kept.kind),
        "occurred_us": kept.occurred_us,
        "number": plain(kept.number),
        "visit": plain(kept.visit),
        "case_id": kept.case,
        "state": kept.state,
        "done": plain(done_json(kept.done)),
    }


def _message(row: Row[*tuple[Any, ...]]) -> Message:
    return Message(
        seq=row.seq,
        source=row.source,
        key=row.key,
        received_us=row.received_us,
        body=bytes(row.body),
        kind=row.kind,
        occurred_us=row.occurred_us,
        number=row.number,
        visit=row.visit,
        case=row.case_id,
        state=row.state,
        done=done_of(row.done),
    )
