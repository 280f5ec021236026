"""Programs that may ask, their subscriptions and events, in a database (charting.fhir)."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, update

from charting.charges.ledger import Charge
from charting.fhir.clients import Client
from charting.fhir.release import Release
from charting.fhir.subscription import Event, State, Subscription, Wanted
from charting.store.charges import stored_charge
from charting.store.database import Database
from charting.store.tables import api_client, charge, notification, plain, subscription

_A, _C, _N, _S = api_client.c, charge.c, notification.c, subscription.c


class DatabaseClients:
    """Raises StoreError for a database that cannot be had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def clients(self) -> Sequence[Client]:
        with self._database.read() as connection:
            rows = connection.execute(select(api_client).order_by(_A.made_us.desc(), _A.id)).all()
        return [_client(row) for row in rows]

    def client(self, id_: str) -> Client | None:
        with self._database.read() as connection:
            row = connection.execute(select(api_client).where(_A.id == id_)).first()
        return _client(row) if row else None

    def of_digest(self, digest: str) -> Client | None:
        with self._database.read() as connection:
            row = connection.execute(select(api_client).where(_A.digest == digest)).first()
        return _client(row) if row else None

    def keep_client(self, client: Client) -> None:
        values = {
            "name": client.name, "digest": client.digest, "scopes": " ".join(client.scopes), "patient": client.patient,
            "active": client.active, "made_us": client.made_us, "until_us": client.until_us,
        }  # fmt: skip
        with self._database.write() as connection:
            changed = connection.execute(update(api_client).where(_A.id == client.id).values(values))
            if not changed.rowcount:
                connection.execute(insert(api_client).values(id=client.id, **values))

    def used(self, id_: str, used_us: int) -> None:
        with self._database.write() as connection:
            connection.execute(update(api_client).where(_A.id == id_).values(used_us=used_us))


class DatabaseSubscriptions:
    """Raises StoreError for a database that cannot be had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def subscriptions(self) -> Sequence[Subscription]:
        with self._database.read() as connection:
            rows = connection.execute(select(subscription).order_by(_S.made_us, _S.id)).all()
        return [_subscription(row) for row in rows]

    def subscription(self, id_: str) -> Subscription | None:
        with self._database.read() as connection:
            row = connection.execute(select(subscription).where(_S.id == plain(id_))).first()
        return _subscription(row) if row else None

    def keep(self, new: Subscription) -> None:
        with self._database.write() as connection:
            connection.execute(
                insert(subscription).values(
                    id=new.id,
                    client=new.client,
                    topic=new.topic.name,
                    body=json.dumps(asdict(new.wanted)),
                    state=new.state,
                    since=new.since,
                    events=new.events,
                    sent=new.sent,
                    handshake=new.handshake,
                    made_us=new.made_us,
                    reason=new.reason,
                )
            )

    def drop(self, id_: str) -> bool:
        with self._database.write() as connection:
            connection.execute(delete(notification).where(_N.subscription == id_))
            return bool(connection.execute(delete(subscription).where(_S.id == id_)).rowcount)

    def stand(self, id_: str, state: State, reason: str = "", *, handshake: int | None = None) -> None:
        number = {} if handshake is None else {"handshake": handshake}
        with self._database.write() as connection:
            stands = update(subscription).where(_S.id == id_).values(state=state, reason=reason, **number)
            connection.execute(stands)

    def happened(self, id_: str, events: Sequence[Event]) -> None:
        wanted = {each.cause: each for each in events}
        with self._database.write() as connection:
            last = connection.scalar(select(_S.events).where(_S.id == id_).with_for_update())
            if last is None:
                return
            mine = _N.subscription == id_
            known = set(connection.scalars(select(_N.cause).where(mine, _N.cause.in_(wanted))))
            new = [each for cause, each in wanted.items() if cause not in known]
            if not new:
                return
            rows = [
                {"subscription": id_, "number": number, "at_us": each.at_us, "cause": each.cause,
                 "focus": " ".join(each.focus)}
                for number, each in enumerate(new, last + 1)
            ]  # fmt: skip
            connection.execute(insert(notification), rows)
            connection.execute(update(subscription).where(_S.id == id_).values(events=last + len(new)))

    def events(self, id_: str, after: int, until: int, limit: int) -> Sequence[Event]:
        chosen = select(notification).where(_N.subscription == id_, _N.number > after, _N.number <= until)
        with self._database.read() as connection:
            rows = connection.execute(chosen.order_by(_N.number).limit(limit)).all()
        return [
            Event(number=row.number, at_us=row.at_us, cause=row.cause, focus=tuple(row.focus.split())) for row in rows
        ]

    def sent(self, id_: str, number: int) -> None:
        with self._database.write() as connection:
            connection.execute(update(subscription).where(_S.id == id_).values(sent=number))

    def forget(self, before_us: int) -> None:
        done = exists().where(_S.id == _N.subscription, _S.sent >= _N.number)
        with self._database.write() as connection:
            connection.execute(delete(notification).where(_N.at_us < before_us, done))

    def posted(self, since_us: int) -> Sequence[Charge]:
        chosen = select(charge).where(_C.made_us >= since_us).order_by(_C.made_us, _C.case_id, _C.n)
        with self._database.read() as connection:
            return [stored_charge(row) for row in connection.execute(chosen)]


def _client(row: Row[*tuple[Any, ...]]) -> Client:
    said = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name
    return Client(**{**said, "scopes": tuple(said["scopes"].split())})


def _subscription(row: Row[*tuple[Any, ...]]) -> Subscription:
    said = json.loads(row.body)
    filters = tuple((name, value) for name, value in said.pop("filters"))
    wanted = Wanted(**{**said, "release": Release(said["release"]), "filters": filters})
    return Subscription(
        id=row.id,
        client=row.client,
        wanted=wanted,
        state=row.state,
        since=row.since,
        events=row.events,
        sent=row.sent,
        handshake=row.handshake,
        made_us=row.made_us,
        reason=row.reason,
    )
