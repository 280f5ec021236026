"""Where accounts, sessions and failed sign-ins are kept: in memory here, in a database in charting.store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Protocol

from charting.accounts.throttle import NONE, Failures, Of, forgiven, key, wait_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who may sign in. `account` is what he types and what the audit trail keeps; `password` its hash."""

    account: str
    name: str
    roles: frozenset[str]
    active: bool = True
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session. `digest`: SHA-256 of its token, which nobody keeps; `used_us`: the last touch of a person."""

    digest: str
    account: str
    begun_us: int
    used_us: int
    idle_us: int
    locked: bool = False


class AccountStore(Protocol):
    """Calls block; any thread may call; each is done whole or not at all."""

    def account(self, account: str) -> Account | None: ...

    def accounts(self) -> Sequence[Account]:
        """All, also those that are not active, by their names to sign in."""

    def create(self, account: Account) -> bool:
        """Keep a new account; return False, and change nothing, where there is one of its name."""

    def change(self, account: Account) -> None:
        """Keep an account's name, roles and whether it is active; its password stays."""

    def set_password(self, account: str, password: str, *, before: str | None = None) -> bool:
        """Keep a password's hash, if `before` is the present one (None: whatever it is); return whether it was kept."""

    def session(self, digest: str) -> StoredSession | None: ...

    def begin(self, session: StoredSession) -> None:
        """Keep a new session."""

    def touch(self, digest: str, used_us: int) -> None:
        """Somebody has used a session."""

    def lock(self, digest: str, *, locked: bool, used_us: int) -> bool:
        """Lock or unlock a session, and touch it; return whether that changed it."""

    def end(self, digest: str) -> bool:
        """Return whether there was such a session."""

    def end_all(self, account: str, but: str = "") -> None:
        """End an account's sessions, `but` one."""

    def tidy(self, begun_us: int, failed_us: int) -> None:
        """Drop the sessions that began before, and the failures of which the last was before."""

    def attempt(self, whose: Mapping[Of, str], now_us: int) -> int:
        """Count a sign-in as failed, of an account and from an address, before it is looked at; return 0. Where one of
        them has to wait, nothing is counted; return for how long, in µs.
        """

    def forgive(self, whose: Mapping[Of, str]) -> None:
        """The attempt was right: nothing is left against the account, and one failure less against the address."""


class MemoryAccounts:
    """In memory: for tests and for trying things out."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._sessions: dict[str, StoredSession] = {}
        self._failures: dict[str, Failures] = {}
        self._lock = RLock()

    def account(self, account: str) -> Account | None:
        with self._lock:
            return self._accounts.get(account)

    def accounts(self) -> Sequence[Account]:
        with self._lock:
            return [self._accounts[name] for name in sorted(self._accounts)]

    def create(self, account: Account) -> bool:
        with self._lock:
            return self._accounts.setdefault(account.account, account) is account

    def change(self, account: Account) -> None:
        with self._lock:
            kept = self._accounts[account.account]
            self._accounts[account.account] = replace(account, password=kept.password)

    def set_password(self, account: str, password: str, *, before: str | None = None) -> bool:
        with self._lock:
            kept = self._accounts[account]
            if before not in {None, kept.password}:
                return False
            self._accounts[account] = replace(kept, password=password)
            return True

    def session(self, digest: str) -> StoredSession | None:
        with self._lock:
            return self._sessions.get(digest)

    def begin(self, session: StoredSession) -> None:
        with self._lock:
            self._sessions[session.digest] = session

    def touch(self, digest: str, used_us: int) -> None:
        with self._lock:
            if digest in self._sessions:
                self._sessions[digest] = replace(self._sessions[digest], used_us=used_us)

    def lock(self, digest: str, *, locked: bool, used_us: int) -> bool:
        with self._lock:
            before = self._sessions.get(digest)
            if before is None or before.locked == locked:
                return False
            self._sessions[digest] = replace(before, locked=locked, used_us=used_us)
            return True

    def end(self, digest: str) -> bool:
        with self._lock:
            return self._sessions.pop(digest, None) is not None

    def end_all(self, account: str, but: str = "") -> None:
        with self._lock:
            self._sessions = {d: s for d, s in self._sessions.items() if s.account != account or d == but}

    def tidy(self, begun_us: int, failed_us: int) -> None:
        with self._lock:
            self._sessions = {d: s for d, s in self._sessions.items() if s.begun_us >= begun_us}
            self._failures = {k: f for k, f in self._failures.items() if f.at_us >= failed_us}

    def attempt(self, whose: Mapping[Of, str], now_us: int) -> int:
        with self._lock:
            keys = {of: key(of, name) for of, name in whose.items()}
            wait = max(wait_us(of, self._failures.get(k, NONE), now_us) for of, k in keys.items())
            if not wait:
                for k in keys.values():
                    self._failures[k] = self._failures.get(k, NONE).after(now_us)
            return wait

    def forgive(self, whose: Mapping[Of, str]) -> None:
        with self._lock:
            for of, name in whose.items():
                found = self._failures.get(key(of, name), NONE)
                self._failures[key(of, name)] = forgiven(of, found)
