"""Who asks: the program whose token it is, with the scope that a route needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from charting.fhir.clients import Client, Refused
from charting.fhir.outcome import Wrong
from charting.fhir.parts import Fhir
from charting.fhir.records import Records, Sight
from charting.fhir.release import Release
from charting.fhir.search import Wire
from charting.web.department import Department
from charting.web.fhir.answers import base_of, release_of

_SCHEME = HTTPBearer(scheme_name="fhir", description="A token that an administrator makes, with SMART scopes",
                     auto_error=False)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    department: Department
    fhir: Fhir
    client: Client
    release: Release
    base: str

    @property
    def records(self) -> Records:
        return self.fhir.records

    @property
    def sight(self) -> Sight:
        return Sight(patient=self.client.patient)

    @property
    def wire(self) -> Wire:
        return Wire(base=self.base, release=self.release, may_read=lambda kind: self.client.allows(kind, "r"))


def fhir_of(request: Request) -> Fhir:
    """Raises Wrong where the interface is not there."""
    department: Department = request.app.state.department
    if department.exchange.fhir is None:
        raise Wrong(404, "not-found", "there is no such address")
    return department.exchange.fhir


def need(kind: str, act: str) -> Callable[..., Asker]:
    """For a route: its client, with the scope for `act` (c, r, u, d, s) on a type; "": any token will do.

    Raises Wrong: 401 without a token, 403 without the scope, 429 after too many wrong ones.
    """

    def asker(request: Request, _: Annotated[object, Depends(_SCHEME)]) -> Asker:
        fhir = fhir_of(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Wrong(401, "login", "a bearer token is needed")
        address = request.client.host if request.client else ""
        found = fhir.clients.client_of(token.strip(), address)
        if isinstance(found, Refused):
            if found.wait_s:
                raise Wrong(429, "throttled", "too many wrong tokens", retry_s=found.wait_s)
            raise Wrong(401, "login", "the token is wrong, or has ended")
        if kind and not found.allows(kind, act):
            raise Wrong(403, "forbidden", f"the token has no scope system/{kind}.{act}")
        department: Department = request.app.state.department
        return Asker(department=department, fhir=fhir, client=found, release=release_of(request), base=base_of(request))

    return asker
