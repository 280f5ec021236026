"""`vitalsd account`: what is done to accounts at the server, by whoever may do everything there."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from charting.accounts.accounts import OPERATOR, Accounts
from charting.accounts.passwords import Passwords
from charting.accounts.refusals import AccountRefusal
from charting.store.accounts import DatabaseAccounts
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from collector.errors import UsageError


def add_account(dsn: str, account: str, *, name: str, roles: Sequence[str], password: str) -> None:
    """Make an account; a SQLite file that is not there is made. Raises UsageError."""
    with _accounts(dsn, make=True) as accounts:
        accounts.create(OPERATOR, account, name=name, roles=roles, password=password)


def set_password(dsn: str, account: str, password: str) -> None:
    """Give an account a new password; its sessions end. Raises UsageError."""
    with _accounts(dsn, make=False) as accounts:
        accounts.change(OPERATOR, account, password=password)


@contextmanager
def _accounts(dsn: str, *, make: bool) -> Iterator[Accounts]:
    database = open_database(dsn, make=make)
    try:
        trail = DatabaseTrail(database, lambda: time.time_ns() // 1000)
        yield Accounts(DatabaseAccounts(database), trail, Passwords())
    except AccountRefusal as refusal:
        raise UsageError(refusal.text("en")) from refusal
    finally:
        database.close()
