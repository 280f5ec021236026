"""What a route has at hand: the department, who asks, and in which language."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request

from charting.accounts.actor import Actor
from charting.accounts.rights import allows
from charting.case.clock import SiteClock
from charting.case.completeness import lacking
from charting.case.refusals import Conflict
from charting.case.state import Case, Document, Item
from charting.desk import Desk
from charting.page.words import Lang
from charting.templates.template import Template
from charting.trail.entries import (
    AccountChanged,
    Body,
    ClientChanged,
    Denied,
    Disputed,
    Frozen,
    LibraryLoaded,
    SessionChanged,
    SubscriptionChanged,
    TicketOpened,
    TicketStep,
    to_json,
)
from charting.trail.trail import Trail
from charting.web import views
from charting.web.department import Bed, Department
from charting.web.language import lang_of
from charting.web.models import SetItem
from charting.web.problems import Problem
from charting.web.said import Sayings
from charting.web.words import Words
from collector.series import SeriesReader

_OF_NO_PATIENT = (
    AccountChanged, ClientChanged, Denied, LibraryLoaded, SessionChanged, SubscriptionChanged, TicketOpened, TicketStep,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A signed-in person. `token` is the session's, `csrf` what the page sends with every change.

    `idle_s`: after so long without a touch it is locked.
    """

    actor: Actor
    token: str
    csrf: str
    locked: bool
    idle_s: int


class Context:
    """One request's view of the department. Whatever cannot be had is a Problem or the desk's Refusal."""

    def __init__(self, department: Department, person: Person, lang: Lang) -> None:
        self.department = department
        self.person = person
        self.lang = lang
        self.words = Words(lang)
        self.say = Sayings(self.words, department.clock)

    @property
    def actor(self) -> Actor:
        return self.person.actor

    @property
    def desk(self) -> Desk:
        return self.department.desk

    @property
    def trail(self) -> Trail:
        return self.department.trail

    @property
    def clock(self) -> SiteClock:
        return self.department.clock

    @property
    def beds(self) -> Sequence[Bed]:
        return self.department.beds

    @cached_property
    def names(self) -> dict[str, str]:
        return {account.account: account.name for account in self.department.people()}

    def now_us(self) -> int:
        return self.clock.now_us()

    @property
    def today(self) -> str:
        """The site's day, ISO."""
        return f"{self.clock.local(self.now_us()):%Y-%m-%d}"

    def name_of(self, account: str) -> str:
        return self.names.get(account, account)

    def bed(self, bed: str) -> Bed:
        """A bed of the department. Raises Problem 422 where it has none of that name."""
        found = next((b for b in self.beds if b.id == bed), None)
        if found is None:
            raise Problem(422, "bed_unknown")
        return found

    def author(self, account: str, template: Template) -> None:
        """Raises Problem 422 where nobody of that name signs in any more, or he may not write such documents."""
        found = next((a for a in self.department.people() if a.account == account and a.active), None)
        if found is None or template.authors.isdisjoint(found.roles):
            raise Problem(422, "no_author")

    def reader_of(self, bed: str) -> SeriesReader:
        return self.department.reader_of(bed)

    def need(self, right: str) -> None:
        """Raises NotAllowed, and keeps the attempt, where the actor has not the right."""
        self.desk.require(self.actor, right)

    def can(self, right: str) -> bool:
        return allows(self.actor, right)

    def document(self, case: Case, document: str) -> Document:
        found = case.documents.get(document)
        if found is None:
            raise Problem(404, "unknown")
        return found

    def template(self, document: Document) -> Template:
        found = self.department.templates.get(document.template, document.template_version)
        if found is None:
            raise Problem(404, "unknown")
        return found

    def item(self, case: Case, document: str, item: str) -> Item:
        found = (self.document(case, document).items if document else case.items).get(item)
        if found is None:
            raise Problem(404, "unknown")
        return found

    def set(self, case: str, document: str, item: str, asked: SetItem) -> Case:
        """Raises Problem 409 with both versions where somebody else was faster."""
        try:
            return self.desk.set(
                self.actor,
                case,
                document=document,
                item=item,
                after=asked.after,
                content=asked.content,
                reason=asked.reason,
            )
        except Conflict as conflict:
            current = conflict.current
            said = None if current is None else views.version_out(current, self.name_of, self.say)
            more = {
                "current": None if said is None else said.model_dump(mode="json"),
                "mine": self.say.content(asked.content),
            }
            raise Problem(409, conflict.key, refusal=conflict, more=more) from None

    def lacking(self, case: Case, document: Document) -> list[tuple[str, str]]:
        """What a signature lacks: key and name."""
        template = self.template(document)
        names = template.lacking_names
        return [(key, names.get(key, {}).get(self.lang, key)) for key in lacking(case, document, template)]

    def told(self, body: Body) -> dict[str, object]:
        """What the person may know of an entry: all of it, but of patients only who may read cases, and of people's
        workload only who may see everybody's.
        """
        if isinstance(body, Disputed) or (isinstance(body, Frozen) and body.what == "workload"):
            return to_json(body) if self.can("workload") else {"kind": body.kind, "period": body.period}
        if self.can("read") or isinstance(body, _OF_NO_PATIENT):
            return to_json(body)
        return {"kind": body.kind}

    def drawn(self, case: Case, document: str) -> Sequence[str]:
        return self.department.drawings.pages(case, document, self.lang)

    def case_out(self, case: Case) -> views.CaseOut:
        return views.case_out(case, self.name_of, self.say)

    def item_out(self, item: Item) -> views.ItemOut:
        return views.item_out(item, self.name_of, self.say)

    def record_out(self, case: Case, document: Document) -> views.RecordOut:
        return views.record_out(case, document, self.name_of)

    def record_whole(self, case: Case, document: Document) -> views.RecordWhole:
        return views.record_whole(case, document, self.name_of, self.say)


def here(request: Request) -> Context:
    """For routes behind the gate, which has found the person."""
    return Context(request.app.state.department, request.state.person, lang_of(request))


Here = Annotated[Context, Depends(here)]
