"""Accounts, sessions and failed sign-ins in a database (charting.accounts.storage)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from charting.accounts.storage import Account, StoredSession
from charting.accounts.throttle import NONE, Failures, Of, forgiven, key, wait_us
from charting.store.database import Database
from charting.store.tables import account as account_table
from charting.store.tables import attempt as attempt_table
from charting.store.tables import session as session_table

_A, _S, _T = account_table.c, session_table.c, attempt_table.c


class DatabaseAccounts:
    """Raises StoreError for a database that cannot be had."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = postgresql_insert if database.postgresql else sqlite_insert

    def account(self, account: str) -> Account | None:
        with self._database.read() as connection:
            found = connection.execute(select(account_table).where(_A.account == account)).first()
        return _account(found) if found else None

    def accounts(self) -> Sequence[Account]:
        with self._database.read() as connection:
            return [_account(found) for found in connection.execute(select(account_table).order_by(_A.account))]

    def create(self, account: Account) -> bool:
        made = self._insert(account_table).values(account=account.account, password=account.password, **_said(account))
        with self._database.write() as connection:
            return connection.execute(made.on_conflict_do_nothing().returning(_A.account)).first() is not None

    def change(self, account: Account) -> None:
        with self._database.write() as connection:
            connection.execute(update(account_table).where(_A.account == account.account).values(_said(account)))

    def set_password(self, account: str, password: str, *, before: str | None = None) -> bool:
        changed = update(account_table).where(_A.account == account).values(password=password)
        with self._database.write() as connection:
            return connection.execute(changed if before is None else changed.where(_A.password == before)).rowcount > 0

    def session(self, digest: str) -> StoredSession | None:
        with self._database.read() as connection:
            found = connection.execute(select(session_table).where(_S.digest == digest)).first()
        return StoredSession(**found._mapping) if found else None  # noqa: SLF001  SQLAlchemy's public name

    def begin(self, session: StoredSession) -> None:
        with self._database.write() as connection:
            connection.execute(self._insert(session_table).values(asdict(session)))

    def touch(self, digest: str, used_us: int) -> None:
        with self._database.write() as connection:
            connection.execute(update(session_table).where(_S.digest == digest).values(used_us=used_us))

    def lock(self, digest: str, *, locked: bool, used_us: int) -> bool:
        changed = update(session_table).where(_S.digest == digest, _S.locked.is_(not locked))
        with self._database.write() as connection:
            return connection.execute(changed.values(locked=locked, used_us=used_us)).rowcount > 0

    def end(self, digest: str) -> bool:
        with self._database.write() as connection:
            return connection.execute(delete(session_table).where(_S.digest == digest)).rowcount > 0

    def end_all(self, account: str, but: str = "") -> None:
        with self._database.write() as connection:
            connection.execute(delete(session_table).where(_S.account == account, _S.digest != but))

    def tidy(self, begun_us: int, failed_us: int) -> None:
        with self._database.write() as connection:
            connection.execute(delete(session_table).where(_S.begun_us < begun_us))
            connection.execute(delete(attempt_table).where(_T.at_us < failed_us))

    def attempt(self, whose: Mapping[Of, str], now_us: int) -> int:
        with self._database.write() as connection:
            kept = self._failures(connection, whose)
            wait = max(wait_us(of, failures, now_us) for of, failures in kept.items())
            if not wait:
                self._keep(connection, whose, {of: failures.after(now_us) for of, failures in kept.items()})
        return wait

    def forgive(self, whose: Mapping[Of, str]) -> None:
        with self._database.write() as connection:
            kept = self._failures(connection, whose)
            self._keep(connection, whose, {of: forgiven(of, failures) for of, failures in kept.items()})

    def _failures(self, connection: Connection, whose: Mapping[Of, str]) -> Mapping[Of, Failures]:
        """What is kept of each; nobody else counts them until the transaction has ended."""
        keys = {of: key(of, name) for of, name in whose.items()}
        # In one order, so that no two wait for each other; the update that changes nothing holds the row.
        new = [{"key": k, "failures": NONE.count, "at_us": NONE.at_us} for k in sorted(keys.values())]
        made = self._insert(attempt_table)
        held = made.on_conflict_do_update(index_elements=[_T.key], set_={"key": made.excluded.key})
        connection.execute(held, new)
        chosen = select(attempt_table).where(_T.key.in_(keys.values()))
        found = {row.key: Failures(count=row.failures, at_us=row.at_us) for row in connection.execute(chosen)}
        return {of: found[k] for of, k in keys.items()}

    def _keep(self, connection: Connection, whose: Mapping[Of, str], kept: Mapping[Of, Failures]) -> None:
        for of, failures in kept.items():
            changed = update(attempt_table).where(_T.key == key(of, whose[of]))
            connection.execute(changed.values(failures=failures.count, at_us=failures.at_us))


def _account(found: Row[*tuple[Any, ...]]) -> Account:
    return Account(
        account=found.account,
        name=found.name,
        roles=frozenset(found.roles.split()),
        active=found.active,
        password=found.password,
    )


def _said(account: Account) -> dict[str, Any]:
    return {"name": account.name, "roles": " ".join(sorted(account.roles)), "active": account.active}
