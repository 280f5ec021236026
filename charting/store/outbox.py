"""What leaves for other systems, in a database (charting.outbox)."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, Select, and_, case, delete, func, insert, literal_column, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from charting.outbox.parcel import Parcel, Sent, State
from charting.outbox.post import NEVER_US, OPEN, Line, Queue, logged, said
from charting.store.database import Database
from charting.store.tables import parcel, plain

_C = parcel.c
_ORDER = 0x7674_5043
"""PostgreSQL's lock under which parcels get their numbers, one `put` after the other."""
# Constants, not parameters: only then the databases know that their indexes of such rows will do.
_WAITING = _C.state == literal_column(f"'{State.WAITING}'")
_UNFINISHED = _C.state.in_([literal_column(f"'{state}'") for state in OPEN])
_UNTOLD = _C.told == literal_column("false")
_FULL = func.length(_C.body) > literal_column("0")
_FIRST = 2000
"""Parcels of a destination, in their order, among which those that are due are looked for first."""


class DatabaseOutbox:
    """A Post. Raises StoreError for a database that cannot be had: nothing of the call is kept."""

    def __init__(self, database: Database, now_us: Callable[[], int]) -> None:
        self._database = database
        self._now_us = now_us
        self._listeners: list[Callable[[], None]] = []

    def put(self, parcels: Sequence[Parcel]) -> Collection[str]:
        wanted = {plain(each.key): each for each in reversed(parcels)}
        with self._database.write() as connection:
            if self._database.postgresql:
                connection.execute(select(func.pg_advisory_xact_lock(_ORDER)))
            known = set(connection.scalars(select(_C.key).where(_C.key.in_(wanted))))
            new = [each for key, each in reversed(wanted.items()) if key not in known]
            last = connection.scalar(select(func.max(_C.seq))) or 0
            now_us = self._now_us()
            if new:
                rows = [_columns(each, seq, now_us) for seq, each in enumerate(new, start=last + 1)]
                connection.execute(insert(parcel), rows)
        self._tell()
        return [each.key for each in new]

    def find(self, key: str) -> Sent | None:
        with self._database.read() as connection:
            row = connection.execute(select(parcel).where(_C.key == key)).first()
        return _sent(row) if row else None

    def of_case(self, case: str) -> Sequence[Sent]:
        return self._all(select(parcel).where(_C.case_id == case).order_by(_C.seq))

    def states(self) -> Mapping[tuple[str, State], int]:
        counted = select(_C.destination, _C.state, func.count()).group_by(_C.destination, _C.state)
        with self._database.read() as connection:
            return {(to, State(state)): n for to, state, n in connection.execute(counted)}

    def listen(self, told: Callable[[], None]) -> None:
        self._listeners.append(told)

    def queues(self) -> Mapping[str, Queue]:
        waiting = func.sum(case((_WAITING, 1), else_=0))
        counted = select(
            _C.destination,
            waiting,
            func.count() - waiting,
            func.min(case((_WAITING, _C.made_us))),
        )
        with self._database.read() as connection:
            rows = connection.execute(counted.where(_UNFINISHED).group_by(_C.destination)).all()
        return {to: Queue(waiting=waits, parked=parked, oldest_us=oldest_us) for to, waits, parked, oldest_us in rows}

    def ready(self) -> Mapping[str, int]:
        soonest = select(_C.destination, func.min(_C.next_us).label("next_us")).where(_WAITING).group_by(_C.destination)
        with self._database.read() as connection:
            return {row.destination: row.next_us for row in connection.execute(soonest)}

    def due(self, to: str, limit: int) -> Sequence[Line]:
        now_us = self._now_us()
        with self._database.read() as connection:
            for among in (_FIRST, None):
                rows = connection.execute(_due(to, now_us, among).limit(limit)).all()
                if rows:
                    break
        return [_line(row) for row in rows]

    def begin(self, key: str) -> Sent | None:
        begun = update(parcel).where(_C.key == key, _WAITING, _of_use(self._now_us()))
        with self._database.write() as connection:
            row = connection.execute(begun.values(attempts=_C.attempts + 1).returning(*parcel.c)).first()
        return _sent(row) if row else None

    def answer(self, key: str, answer: bytes, *, told: bool) -> None:
        self._change(
            _C.key == key,
            "answered",
            state=State.ANSWERED,
            answer=answer,
            answered_us=self._now_us(),
            told=told,
            reason="",
        )

    def again(self, key: str, next_us: int, reason: str) -> None:
        self._change(and_(_C.key == key, _WAITING), said("unanswered", reason), next_us=next_us, reason=reason)

    def park(self, key: str, reason: str, answer: bytes = b"") -> None:
        chosen = and_(_C.key == key, _WAITING)
        self._change(chosen, said("parked", reason), state=State.PARKED, reason=reason, answer=answer)

    def expire(self) -> Sequence[Line]:
        late = and_(_WAITING, _C.until_us <= self._now_us())
        with self._database.read() as connection:
            lines = [_line(row) for row in connection.execute(_LISTED.where(late).order_by(_C.seq))]
        return [
            replace(line, state=State.EXPIRED)
            for line in lines
            if self._change(and_(_C.key == line.key, _WAITING), "expired", state=State.EXPIRED)
        ]

    def untold(self, limit: int) -> Sequence[Sent]:
        return self._all(select(parcel).where(_UNTOLD).order_by(_C.seq).limit(limit))

    def tell(self, key: str) -> None:
        with self._database.write() as connection:
            connection.execute(update(parcel).where(_C.key == key).values(told=True))

    def resend(self, key: str, by: str, why: str) -> bool:
        chosen = and_(_C.key == key, _C.state != State.EXPIRED, func.length(_C.body) > 0)
        what = said("resent", why)
        done = self._change(chosen, what, by, state=State.WAITING, next_us=self._now_us(), reason="")
        self._tell()
        return done

    def withdraw(self, key: str, by: str, why: str) -> bool:
        done = self._change(and_(_C.key == key, _UNFINISHED), said("withdrawn", why), by, state=State.WITHDRAWN)
        self._tell()
        return done

    def lines(
        self, *, to: str = "", state: State | None = None, text: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[Line]:
        chosen = _LISTED.order_by(_C.seq.desc()).limit(limit)
        if to:
            chosen = chosen.where(_C.destination == to)
        if state is not None:
            chosen = chosen.where(_C.state == state)
        if text:
            place = func.strpos if self._database.postgresql else func.instr
            columns = (_C.key, _C.control, _C.kind, _C.case_id)
            chosen = chosen.where(or_(*(place(column, plain(text)) > 0 for column in columns)))
        if before is not None:
            chosen = chosen.where(_C.seq < before)
        with self._database.read() as connection:
            return [_line(row) for row in connection.execute(chosen)]

    def forget(self, before_us: int) -> int:
        old = and_(_C.made_us < before_us, ~_UNFINISHED, ~_UNTOLD)
        with self._database.write() as connection:
            gone = connection.execute(delete(parcel).where(old, _C.until_us.is_not(None))).rowcount
            return gone + connection.execute(update(parcel).where(old, _FULL).values(body=b"", answer=b"")).rowcount

    def _tell(self) -> None:
        for told in self._listeners:
            told()

    def _all(self, chosen: Any) -> Sequence[Sent]:
        with self._database.read() as connection:
            return [_sent(row) for row in connection.execute(chosen)]

    def _change(self, chosen: ColumnElement[bool], what: str, by: str = "", **values: object) -> bool:
        """What happens to the parcel that is chosen by its key and how it stands; returns whether it stands so."""
        with self._database.write() as connection:
            row = connection.execute(select(_C.key, _C.log).where(chosen).with_for_update()).first()
            if row is None:
                return False
            log = json.dumps(logged(_lines(row.log), self._now_us(), what, by), ensure_ascii=False)
            connection.execute(update(parcel).where(_C.key == row.key).values(log=plain(log), **values))
        return True


_LISTED = select(
    _C.key, _C.seq, _C.destination.label("to"), _C.kind, _C.lane, _C.case_id.label("case"), _C.control, _C.state,
    _C.made_us, _C.next_us, _C.attempts, _C.reason, func.length(_C.body).label("size"),
)  # fmt: skip


def _due(to: str, now_us: int, among: int | None) -> Select[Any]:
    """Of a destination's first parcels, which have all before them in their lanes, those that may leave."""
    turn_us = case((_WAITING, _C.next_us), else_=NEVER_US).label("turn_us")
    alone = case((_C.lane == "", _C.key), else_="").label("alone")
    first = select(_C.key.label("of"), _C.seq, _C.lane, alone, turn_us).where(_C.destination == to, _UNFINISHED)
    f = first.order_by(_C.seq).limit(among).subquery().c
    before = func.max(f.turn_us).over(partition_by=(f.lane, f.alone), order_by=f.seq).label("turn_us")
    turn = select(f.of, before).subquery().c
    chosen = _LISTED.join_from(parcel, turn.of.table, turn.of == _C.key)
    return chosen.where(turn.turn_us <= now_us, _of_use(now_us)).order_by(turn.turn_us, _C.seq)


def _of_use(now_us: int) -> ColumnElement[bool]:
    return or_(_C.until_us.is_(None), _C.until_us > now_us)


def _lines(text: str) -> Sequence[tuple[int, str, str]]:
    return tuple((at_us, what, by) for at_us, what, by in json.loads(text))


def _columns(new: Parcel, seq: int, now_us: int) -> Mapping[str, object]:
    return {
        "key": new.key,
        "seq": seq,
        "destination": new.to,
        "kind": new.kind,
        "lane": new.lane,
        "case_id": new.case,
        "control": new.control,
        "content_type": new.content_type,
        "path": new.path,
        "body": new.body,
        "made_us": now_us,
        "next_us": now_us,
        "until_us": new.until_us,
        "attempts": 0,
        "state": State.WAITING,
        "reason": "",
        "answered_us": None,
        "answer": b"",
        "told": True,
        "log": "[]",
    }


def _sent(row: Row[*tuple[Any, ...]]) -> Sent:
    return Sent(
        parcel=Parcel(
            key=row.key,
            to=row.destination,
            kind=row.kind,
            body=bytes(row.body),
            control=row.control,
            content_type=row.content_type,
            path=row.path,
            lane=row.lane,
            case=row.case_id,
            until_us=row.until_us,
        ),
        seq=row.seq,
        state=State(row.state),
        made_us=row.made_us,
        next_us=row.next_us,
        attempts=row.attempts,
        reason=row.reason,
        answer=bytes(row.answer),
        answered_us=row.answered_us,
        log=_lines(row.log),
    )


def _line(row: Row[*tuple[Any, ...]]) -> Line:
    said = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name
    return Line(**{**said, "state": State(said["state"])})
