"""Who may write what. Pure; the desk asks here, and so may a page that greys out what is not allowed."""

from collections.abc import Mapping

from charting.accounts.actor import Actor
from charting.accounts.rights import allows
from charting.case.state import Case, Document, Item
from charting.templates.template import Template
from charting.trail.contents import Content

CASE_RIGHTS: Mapping[str, str] = {
    "patient": "merge", "event": "event", "attendance": "attendance", "coded": "code", "pace": "pace",
    "finding": "finding",
}  # fmt: skip
"""Kind of what belongs to the case as a whole → the right to write it. All other kinds belong to a document."""


def may_begin(actor: Actor, template: Template) -> bool:
    return not template.authors.isdisjoint(actor.roles)


def may_sign(actor: Actor, template: Template, slot: str) -> bool:
    found = template.slot(slot)
    return found is not None and not found.roles.isdisjoint(actor.roles)


def may_write(actor: Actor, kind: str) -> bool:
    """An item of the case as a whole, of a kind."""
    return kind in CASE_RIGHTS and allows(actor, CASE_RIGHTS[kind])


def may_set(actor: Actor, document: Document, template: Template, item: Item | None) -> bool:
    """An item of a document: a new one its author and who may append; one that is there its author and its last writer;
    what a device has said the document's author alone (clinical.md §7, per-author permissions).
    """
    appends = not template.appenders.isdisjoint(actor.roles)
    if document.author == actor.account and (appends or may_begin(actor, template)):
        return True
    if item is None:
        return appends
    return appends and bool(item.versions) and item.versions[-1].author == actor.account


def may_edit(actor: Actor, case: Case, document: Document | None, template: Template | None, item: Item | None) -> bool:
    """Whether a page should offer the edit of an item that is there, or a new one (None): open, and the actor's."""
    if case.state == "discarded":
        return False
    if document is None or template is None:
        content: Content | None = item.content if item else None
        return content is not None and may_write(actor, content.kind)
    return not document.locked and may_set(actor, document, template, item)
