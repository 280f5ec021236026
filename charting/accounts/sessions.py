"""Signing in, and what keeps a session: an opaque token, an end after 12 h, a lock when nobody touches it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256

from charting.accounts.actor import Actor
from charting.accounts.passwords import Passwords, check
from charting.accounts.refusals import SignInRefused
from charting.accounts.storage import Account, AccountStore, StoredSession
from charting.accounts.throttle import FORGET_US, Of
from charting.trail.entries import SYSTEM, AccountChanged, SessionChanged
from charting.trail.trail import Trail

LIFE_US = 12 * 3_600_000_000
"""A session ends so long after its sign-in: a shift."""

IDLE_US = 10 * 60_000_000
"""A session is locked after so long without a touch, unless the site says otherwise."""

THEATRE = frozenset({"anaesthetist", "or_nurse"})
"""Roles of people whose hands are at the patient: the site may give them longer."""

TOUCH_US = 5_000_000
"""A touch is kept at most so often; a lock may come that much early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person's session at one browser. `token` is its secret, known to the browser alone."""

    token: str = field(repr=False)
    account: str
    name: str
    locked: bool
    ends_us: int
    idle_us: int

    @property
    def csrf(self) -> str:
        """What a form of this session must send along."""
        return sha256(f"csrf:{self.token}".encode("utf-8", "replace")).hexdigest()


class SignIn:
    """Sessions of accounts; every sign-in, refusal, lock and end is an entry of the trail.

    `now_us`: µs since 1970 UTC; `idle_us`: the site's time to the lock, `theatre_idle_us`: that of THEATRE, None: the
    same.
    """

    def __init__(
        self,
        store: AccountStore,
        trail: Trail,
        passwords: Passwords,
        now_us: Callable[[], int],
        *,
        idle_us: int = IDLE_US,
        theatre_idle_us: int | None = None,
    ) -> None:
        self._store = store
        self._trail = trail
        self._passwords = passwords
        self._now_us = now_us
        self._idle_us = idle_us
        self._theatre_idle_us = idle_us if theatre_idle_us is None else theatre_idle_us

    def sign_in(self, account: str, password: str, address: str, *, before: str = "") -> Session | SignInRefused:
        """A new session, or why there is none. `before`: token of the browser's session until now, which ends."""
        found = self._checked(account.strip().lower(), password, address)
        if isinstance(found, SignInRefused):
            return found
        now_us, token = self._now_us(), secrets.token_urlsafe(32)
        self._store.tidy(now_us - LIFE_US, now_us - FORGET_US)
        stored = StoredSession(
            digest=_digest(token),
            account=found.account,
            begun_us=now_us,
            used_us=now_us,
            idle_us=self._idle_us if THEATRE.isdisjoint(found.roles) else self._theatre_idle_us,
        )
        self._log(found.account, SessionChanged(what="signed_in", account=found.account, address=address))
        self._store.begin(stored)
        if before:
            self.sign_out(before)
        return _session(token, stored, found)

    def session(self, token: str, *, touch: bool = True) -> tuple[Session, Actor | None] | None:
        """A token's session and who acts in it: nobody while it is locked. None: there is no such session any more.

        touch: a person did something; False for what a page asks by itself.
        """
        live = self._live(token)
        if live is None:
            return None
        stored, account = live
        if stored.locked:
            return _session(token, stored, account), None
        if touch and self._now_us() - stored.used_us >= TOUCH_US:
            self._store.touch(stored.digest, self._now_us())
        return _session(token, stored, account), Actor(account=account.account, name=account.name, roles=account.roles)

    def lock(self, token: str) -> None:
        """A person leaves. Nothing for a session that is locked or has ended."""
        live = self._live(token)
        if live is not None:
            self._lock(live[0])

    def unlock(self, token: str, password: str, address: str) -> Session | SignInRefused:
        """The session goes on, by its own account's password alone."""
        live = self._live(token)
        if live is None:
            return SignInRefused("ended")
        stored, account = live
        found = self._checked(account.account, password, address)
        if isinstance(found, SignInRefused):
            return found
        if self._store.lock(stored.digest, locked=False, used_us=self._now_us()):
            self._log(found.account, SessionChanged(what="unlocked", account=found.account, address=address))
        return _session(token, replace(stored, locked=False), found)

    def vouch(self, account: str, password: str, address: str) -> Actor | SignInRefused:
        """Who stands beside the person at a screen, and confirms something there by his own password."""
        found = self._checked(account.strip().lower(), password, address)
        if isinstance(found, SignInRefused):
            return found
        return Actor(account=found.account, name=found.name, roles=found.roles)

    def sign_out(self, token: str) -> None:
        """The session ends, locked or not."""
        stored = self._store.session(_digest(token))
        if stored is not None and self._store.end(stored.digest):
            self._log(stored.account, SessionChanged(what="signed_out", account=stored.account))

    def change_password(self, token: str, before: str, password: str, address: str) -> Session | SignInRefused:
        """A person's own password; his other sessions end. Raises AccountRefusal for a password that will not do."""
        live = self._live(token)
        if live is None or live[0].locked:
            return SignInRefused("ended")
        stored, account = live
        check(password, account.account)
        found = self._checked(account.account, before, address)
        if isinstance(found, SignInRefused):
            return found
        self._log(
            found.account,
            AccountChanged(
                account=found.account,
                name=found.name,
                roles=tuple(sorted(found.roles)),
                active=found.active,
                password=True,
            ),
        )
        self._store.set_password(found.account, self._passwords.hashed(password))
        self._store.end_all(found.account, but=stored.digest)
        return _session(token, stored, found)

    def _live(self, token: str) -> tuple[StoredSession, Account] | None:
        """A session that has not ended, with its account; locked, if it is time for that."""
        now_us = self._now_us()
        stored = self._store.session(_digest(token))
        if stored is None:
            return None
        account = self._store.account(stored.account)
        if account is None or not account.active or now_us - stored.begun_us >= LIFE_US:
            self._store.end(stored.digest)
            return None
        if not stored.locked and now_us - stored.used_us >= stored.idle_us:
            self._lock(stored)
            stored = replace(stored, locked=True)
        return stored, account

    def _lock(self, stored: StoredSession) -> None:
        if self._store.lock(stored.digest, locked=True, used_us=stored.used_us):
            self._log(stored.account, SessionChanged(what="locked", account=stored.account))

    def _checked(self, account: str, password: str, address: str) -> Account | SignInRefused:
        """The active account whose password it is. Takes as long where there is no such account."""
        whose: dict[Of, str] = {"account": account, "address": address}
        wait_us = self._store.attempt(whose, self._now_us())
        if wait_us:
            return SignInRefused("wait", -(-wait_us // 1_000_000))
        found = self._store.account(account)
        right = self._passwords.fits(found.password if found else None, password)
        if found is None or not right or not found.active:
            # What is typed as an account that is not there may be a password.
            self._log(SYSTEM, SessionChanged(what="refused", account=found.account if found else "", address=address))
            return SignInRefused("wrong")
        self._store.forgive(whose)
        if self._passwords.outdated(found.password):
            self._store.set_password(account, self._passwords.hashed(password), before=found.password)
        return found

    def _log(self, actor: str, body: SessionChanged | AccountChanged) -> None:
        self._trail.append(actor, "", [body])


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _session(token: str, stored: StoredSession, account: Account) -> Session:
    return Session(
        token=token,
        account=account.account,
        name=account.name,
        locked=stored.locked,
        ends_us=stored.begun_us + LIFE_US,
        idle_us=stored.idle_us,
    )
