"""Making and changing accounts: an administrator's work, each step an entry of the trail before it is done."""

import re
from collections.abc import Iterable, Sequence

from charting.accounts.actor import ROLES, Actor
from charting.accounts.passwords import Passwords, check
from charting.accounts.refusals import AccountRefusal, NotAdministrator
from charting.accounts.rights import allows
from charting.accounts.storage import Account, AccountStore
from charting.trail.entries import SYSTEM, AccountChanged, Denied
from charting.trail.trail import Trail

RIGHT = "manage_accounts"
OPERATOR = Actor(account=SYSTEM, name=SYSTEM, roles=frozenset({"administrator"}))
"""Whoever works at the server's command line."""

_FORM = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class Accounts:
    """Every method raises AccountRefusal, NotAdministrator for who is none; then nothing is changed."""

    def __init__(self, store: AccountStore, trail: Trail, passwords: Passwords) -> None:
        self._store = store
        self._trail = trail
        self._passwords = passwords

    def all(self, by: Actor) -> Sequence[Account]:
        self._allow(by)
        return self._store.accounts()

    def create(self, by: Actor, account: str, *, name: str, roles: Iterable[str], password: str) -> Account:
        """A new account, active."""
        self._allow(by)
        if not _FORM.fullmatch(account):
            raise AccountRefusal("account_form")
        if account == SYSTEM:
            raise AccountRefusal("reserved", account=account)
        if self._store.account(account) is not None:
            raise AccountRefusal("taken", account=account)
        check(password, account)
        made = Account(
            account=account, name=_name(name), roles=_roles(roles), password=self._passwords.hashed(password)
        )
        self._log(by, made, password=True)
        if not self._store.create(made):
            raise AccountRefusal("taken", account=account)
        return made

    def change(
        self,
        by: Actor,
        account: str,
        *,
        name: str | None = None,
        roles: Iterable[str] | None = None,
        active: bool | None = None,
        password: str | None = None,
    ) -> Account:
        """What is None stays. Sessions end with the account, and with a password that another has set."""
        self._allow(by)
        before = self._store.account(account)
        if before is None:
            raise AccountRefusal("no_account", account=account)
        made = Account(
            account=account,
            name=before.name if name is None else _name(name),
            roles=before.roles if roles is None else _roles(roles),
            active=before.active if active is None else active,
            password=before.password,
        )
        if _administers(before) and not _administers(made):
            others = [a for a in self._store.accounts() if a.account != account and _administers(a)]
            if not others:
                raise AccountRefusal("last_administrator")
        if password is not None:
            check(password, account)
        if made == before and password is None:
            return before
        self._log(by, made, password=password is not None)
        self._store.change(made)
        if password is not None:
            self._store.set_password(account, self._passwords.hashed(password))
        if password is not None or not made.active:
            self._store.end_all(account)
        return made

    def _allow(self, by: Actor) -> None:
        if not allows(by, RIGHT):
            self._trail.append(by.account, "", [Denied(action=RIGHT, document="", why="not_administrator")])
            raise NotAdministrator("not_administrator")

    def _log(self, by: Actor, made: Account, *, password: bool) -> None:
        changed = AccountChanged(
            account=made.account,
            name=made.name,
            roles=tuple(sorted(made.roles)),
            active=made.active,
            password=password,
        )
        self._trail.append(by.account, "", [changed])


def _administers(account: Account) -> bool:
    return account.active and "administrator" in account.roles


def _name(name: str) -> str:
    said = name.strip()
    if not 1 <= len(said) <= 64 or not said.isprintable():
        raise AccountRefusal("name_form")
    return said


def _roles(roles: Iterable[str]) -> frozenset[str]:
    said = frozenset(roles)
    for role in sorted(said - frozenset(ROLES)):
        raise AccountRefusal("role_unknown", role=role, roles=", ".join(ROLES))
    if not said:
        raise AccountRefusal("no_role")
    return said
