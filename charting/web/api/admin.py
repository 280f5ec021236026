"""Accounts and the audit trail: for an administrator; the trail for quality and the head of department too."""

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from charting.accounts.storage import Account
from charting.web import models
from charting.web.api.cases import EntryOut, entry_out
from charting.web.context import Here
from charting.web.verifying import Verification

router = APIRouter(prefix="/api")

AccountName = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9][a-z0-9._-]*$", description="An account")]


class AccountOut(BaseModel):
    account: str
    name: str
    roles: list[str]
    active: bool


def account_out(account: Account) -> AccountOut:
    return AccountOut(account=account.account, name=account.name, roles=sorted(account.roles), active=account.active)


@router.get("/accounts", tags=["accounts"])
def list_accounts(here: Here) -> list[AccountOut]:
    return [account_out(account) for account in here.department.accounts.all(here.actor)]


@router.post("/accounts", tags=["accounts"], status_code=201)
def create_account(here: Here, asked: models.NewAccount) -> AccountOut:
    made = here.department.accounts.create(
        here.actor, asked.account, name=asked.name, roles=asked.roles, password=asked.password
    )
    return account_out(made)


@router.patch("/accounts/{account}", tags=["accounts"])
def change_account(here: Here, account: AccountName, asked: models.ChangedAccount) -> AccountOut:
    """What is left out stays. A new password and an account that is no longer active end its sessions."""
    made = here.department.accounts.change(
        here.actor, account, name=asked.name, roles=asked.roles, active=asked.active, password=asked.password
    )
    return account_out(made)


@router.get("/audit", tags=["audit"])
def list_entries(
    here: Here,
    after: Annotated[int, Query(ge=0, le=2**53, description="Only entries beyond this number")] = 0,
    kind: Annotated[list[str] | None, Query(max_length=30, description="Only of these kinds")] = None,
    limit: Annotated[int, Query(ge=1, le=2000)] = 200,
) -> list[EntryOut]:
    """Entries of the audit trail, in order."""
    here.need("audit")
    return [entry_out(here, entry) for entry in islice(here.trail.all(after, kind or ()), limit)]


@router.get("/audit/verification", tags=["audit"])
def verify(
    here: Here,
    anew: Annotated[
        bool, Query(description="Begin a check, unless one is running; else how the last one stands")
    ] = True,
) -> Verification:
    """Check all that is stored, as `vitalsd audit DSN verify` does: the hash chain, its kept end, and what lists know
    of cases. A long one is answered while it runs: ask again with `anew=false`.
    """
    here.need("audit")
    return here.department.verifying.ask(anew=anew)
