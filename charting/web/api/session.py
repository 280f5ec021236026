"""Signing in and out, the lock."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from charting.accounts.refusals import SignInRefused
from charting.accounts.rights import rights
from charting.accounts.sessions import Session
from charting.web import models
from charting.web.context import Here
from charting.web.department import Department
from charting.web.problems import Problem

router = APIRouter(prefix="/api/session", tags=["session"])


class SessionOut(BaseModel):
    """Who is signed in. `csrf` goes into the header X-CSRF-Token of every request that changes something."""

    account: str
    name: str
    roles: list[str] = Field(description="Empty while locked")
    rights: list[str]
    csrf: str
    locked: bool
    idle_s: int = Field(description="The session is locked after so long without a touch")


class AliveOut(BaseModel):
    now_us: int


def cookie_name(department: Department) -> str:
    """By https bound to this very host, which a browser only believes over https."""
    return "__Host-vitalsd" if department.tls else "vitalsd_session"


@router.post("", status_code=201, responses={401: {"description": "Wrong"}, 429: {"description": "Too many attempts"}})
def sign_in(request: Request, response: Response, asked: models.SignIn) -> SessionOut:
    """Sign in; sets the session's cookie. The session that the browser had until now ends."""
    department: Department = request.app.state.department
    before = request.cookies.get(cookie_name(department), "")
    session = department.sign_in.sign_in(asked.account, asked.password, _address(request), before=before)
    if isinstance(session, SignInRefused):
        raise _refused(session)
    response.set_cookie(
        cookie_name(department), session.token, httponly=True, samesite="strict", secure=department.tls, path="/"
    )
    known = department.sign_in.session(session.token, touch=False)
    return _out(session, frozenset() if known is None or known[1] is None else known[1].roles)


@router.get("")
def get_session(here: Here) -> SessionOut:
    """Who is signed in here; also while locked."""
    found = here.department.sign_in.session(here.person.token, touch=False)
    if found is None:
        raise Problem(401, "sign_in")
    session, actor = found
    return _out(session, actor.roles if actor else frozenset())


@router.delete("", status_code=204)
def sign_out(here: Here, response: Response) -> None:
    here.department.sign_in.sign_out(here.person.token)
    response.delete_cookie(
        cookie_name(here.department), httponly=True, samesite="strict", secure=here.department.tls, path="/"
    )


@router.post("/alive")
def alive(here: Here) -> AliveOut:
    """A person has touched the page: the session is not locked yet."""
    return AliveOut(now_us=here.now_us())


@router.post("/lock", status_code=204)
def lock(here: Here) -> None:
    here.department.sign_in.lock(here.person.token)


@router.post("/unlock", responses={401: {"description": "Wrong"}, 429: {"description": "Too many attempts"}})
def unlock(here: Here, request: Request, asked: models.Unlock) -> SessionOut:
    """The session goes on with its own account's password."""
    session = here.department.sign_in.unlock(here.person.token, asked.password, _address(request))
    if isinstance(session, SignInRefused):
        raise _refused(session)
    known = here.department.sign_in.session(session.token)
    return _out(session, frozenset() if known is None or known[1] is None else known[1].roles)


@router.post("/password", responses={429: {"description": "Too many attempts"}})
def change_password(here: Here, request: Request, asked: models.NewPassword) -> SessionOut:
    """One's own; other sessions of the account end."""
    session = here.department.sign_in.change_password(
        here.person.token, asked.before, asked.password, _address(request)
    )
    if isinstance(session, SignInRefused):
        raise _refused(session, wrong=403)
    return _out(session, here.actor.roles)


def _out(session: Session, roles: frozenset[str]) -> SessionOut:
    return SessionOut(
        account=session.account,
        name=session.name,
        roles=sorted(roles),
        rights=sorted(right for right, having in rights().items() if having & roles),
        csrf=session.csrf,
        locked=session.locked,
        idle_s=session.idle_us // 1_000_000,
    )


def _refused(refused: SignInRefused, wrong: int = 401) -> Exception:
    """Its own words, with how long to wait where that is asked."""
    return Problem(429 if refused.wait_s else wrong, refused.key, refusal=refused, retry_s=refused.wait_s)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
