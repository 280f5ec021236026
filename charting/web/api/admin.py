"""Accounts and the audit trail: for an administrator; the trail for quality and the head of department too."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from charting.accounts.storage import Account
from charting.trail.chain import Link, breaks, link_of
from charting.web import models
from charting.web.api.cases import EntryOut, entry_out
from charting.web.context import Context, Here

router = APIRouter(prefix="/api")

AccountName = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9][a-z0-9._-]*$", description="An account")]
_TOLD = 100


class AccountOut(BaseModel):
    account: str
    name: str
    roles: list[str]
    active: bool


class Verification(BaseModel):
    """Whether the trail is what was written. `breaks`: what is not, in English, at most 100 lines."""

    whole: bool
    entries: int = Field(description="How many entries were looked at")
    breaks: list[str]


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
def verify(here: Here) -> Verification:
    """Check the hash chain of the whole trail."""
    here.need("audit")
    return verification(here)


def verification(here: Context) -> Verification:
    """Of the whole trail."""
    looked = 0

    def links() -> Iterator[Link]:
        nonlocal looked
        for entry in here.trail.all():
            looked += 1
            yield link_of(entry)

    found = list(islice(breaks(links()), _TOLD))
    return Verification(whole=not found, entries=looked, breaks=found)
