"""Programs of the hospital that may ask: each has a token, which nobody keeps, for some scopes and for a time."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from threading import Lock
from typing import Protocol

from charting.accounts.actor import Actor
from charting.accounts.rights import allows as may
from charting.accounts.storage import AccountStore
from charting.case.checks import check_texts
from charting.case.refusals import NotAllowed
from charting.fhir import scopes as scope_words
from charting.fhir.refusals import ClientRefusal, ClientUnknown
from charting.trail.entries import ClientChanged, Denied
from charting.trail.trail import Trail

RIGHT = "manage_clients"
DAY_US = 86_400_000_000
LONGEST_DAYS = 1100
"""Three years: a token that nobody renews ends."""
TOUCH_US = 60_000_000
"""Its last use is kept at most so often."""
_PREFIX = "vitalsd_"
"""By which a token that has leaked is recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """`digest`: SHA-256 of the token. `patient`: number of the only one whom it may read; "": all."""

    id: str
    name: str
    digest: str = field(repr=False)
    scopes: tuple[str, ...]
    patient: str = field(default="", repr=False)
    active: bool = True
    made_us: int
    until_us: int | None
    used_us: int | None = None

    def allows(self, kind: str, act: str) -> bool:
        return scope_words.allows(self.scopes, kind, act)

    @property
    def posts(self) -> bool:
        """Whether it may send the hospital's events to the inbox."""
        return scope_words.INBOX in self.scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a token is not taken: `wait_s` > 0: asked too often with wrong ones."""

    wait_s: int = 0


class ClientStore(Protocol):
    """Calls block; any thread may call."""

    def clients(self) -> Sequence[Client]:
        """Newest first."""

    def client(self, id_: str) -> Client | None: ...

    def of_digest(self, digest: str) -> Client | None: ...

    def keep_client(self, client: Client) -> None:
        """A new one, or what one is now."""

    def used(self, id_: str, used_us: int) -> None: ...


class MemoryClients:
    """In memory: for tests and for trying things out."""

    def __init__(self) -> None:
        self._kept: dict[str, Client] = {}
        self._lock = Lock()

    def clients(self) -> Sequence[Client]:
        with self._lock:
            return sorted(self._kept.values(), key=lambda each: (-each.made_us, each.id))

    def client(self, id_: str) -> Client | None:
        with self._lock:
            return self._kept.get(id_)

    def of_digest(self, digest: str) -> Client | None:
        with self._lock:
            return next((each for each in self._kept.values() if each.digest == digest), None)

    def keep_client(self, client: Client) -> None:
        with self._lock:
            self._kept[client.id] = client

    def used(self, id_: str, used_us: int) -> None:
        with self._lock:
            self._kept[id_] = replace(self._kept[id_], used_us=used_us)


class ApiClients:
    """Making, ending and recognising them. What is done to them is kept in the audit trail, before it is done."""

    def __init__(self, store: ClientStore, attempts: AccountStore, trail: Trail, now_us: Callable[[], int]) -> None:
        """`attempts`: where failures of an address are counted."""
        self._store = store
        self._attempts = attempts
        self._trail = trail
        self._now_us = now_us

    def all(self, by: Actor) -> Sequence[Client]:
        """Raises NotAllowed."""
        self._allow(by)
        return self._store.clients()

    def make(self, by: Actor, *, name: str, scopes: Sequence[str], days: int, patient: str = "") -> tuple[Client, str]:
        """A new client with its token, which is told now and never again. Raises NotAllowed, ClientRefusal."""
        self._allow(by)
        check_texts(name)
        check_texts(patient)
        told = tuple(dict.fromkeys(scopes))
        if not name.strip():
            raise ClientRefusal("fhir.client_nameless")
        if not told or len(told) > scope_words.MOST:
            raise ClientRefusal("fhir.client_scopeless")
        unknown = scope_words.wrong(told)
        if unknown:
            raise ClientRefusal("fhir.client_scope", scope=unknown[0][:80])
        if scope_words.bound(told) != bool(patient.strip()):
            raise ClientRefusal("fhir.client_patient")
        if not 1 <= days <= LONGEST_DAYS:
            raise ClientRefusal("fhir.client_days", most=str(LONGEST_DAYS))
        token, now_us = f"{_PREFIX}{secrets.token_urlsafe(32)}", self._now_us()
        client = Client(
            id=secrets.token_hex(8),
            name=name.strip(),
            digest=_digest(token),
            scopes=told,
            patient=patient.strip(),
            made_us=now_us,
            until_us=now_us + days * DAY_US,
        )
        self._log(by, client)
        self._store.keep_client(client)
        return client, token

    def end(self, by: Actor, id_: str) -> Client:
        """Its token is worth nothing from now on. Raises NotAllowed, ClientUnknown."""
        self._allow(by)
        found = self._store.client(id_)
        if found is None:
            raise ClientUnknown("fhir.client_unknown")
        if not found.active:
            return found
        ended = replace(found, active=False)
        self._log(by, ended)
        self._store.keep_client(ended)
        return ended

    def standing(self, id_: str) -> Client | None:
        """A client whose token is worth something."""
        found = self._store.client(id_)
        return found if found is not None and self._valid(found) else None

    def client_of(self, token: str, address: str) -> Client | Refused:
        """Whose token it is. Wrong ones are answered ever later, as wrong passwords are."""
        found = self._store.of_digest(_digest(token)) if token.startswith(_PREFIX) else None
        now_us = self._now_us()
        if found is None or not self._valid(found):
            wait_us = self._attempts.attempt({"address": f"token {address}"}, now_us)
            return Refused(wait_s=-(-wait_us // 1_000_000))
        if found.used_us is None or now_us - found.used_us >= TOUCH_US:
            self._store.used(found.id, now_us)
        return found

    def _valid(self, client: Client) -> bool:
        return client.active and (client.until_us is None or self._now_us() < client.until_us)

    def _allow(self, by: Actor) -> None:
        if not may(by, RIGHT):
            self._trail.append(by.account, "", [Denied(action=RIGHT, document="", why="may_not")])
            raise NotAllowed("may_not")

    def _log(self, by: Actor, client: Client) -> None:
        said = ClientChanged(
            client=client.id,
            name=client.name,
            scopes=client.scopes,
            bound=bool(client.patient),
            active=client.active,
            until_us=client.until_us,
        )
        self._trail.append(by.account, "", [said])


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
