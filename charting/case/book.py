"""The cases as the audit trail tells them: folded and kept at hand, added to when somebody acts. Any thread may call.

What is sent twice is done once; what others wrote meanwhile is looked at before anything is added.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

from charting.accounts.actor import Actor
from charting.accounts.rights import allows
from charting.case.checks import check_texts
from charting.case.clock import SiteClock
from charting.case.refusals import Impossible, NotAllowed, Unknown
from charting.case.rows import row_of
from charting.case.state import Case, Document, fold
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.templates.template import Template
from charting.trail.entries import Body, Denied, Entry, normal
from charting.trail.trail import Stale, Trail

TRIES = 100
"""How often an act is decided anew because others wrote to the case meanwhile; each time somebody got on."""

CACHED = 200
"""Folded cases that are kept: more than a department has open, some 100 MB at most."""

_ID = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.:@-]{0,119}")

Decide = Callable[[Case], Sequence[Body]]


class Casebook:
    def __init__(
        self, trail: Trail, templates: Templates, libraries: Libraries, now_us: Callable[[], int], zone: str
    ) -> None:
        """`zone`: the site's, an IANA name."""
        self.trail = trail
        self.templates = templates
        self.libraries = libraries
        self.clock = SiteClock(now_us=now_us, zone=zone)
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self._lock = Lock()

    def case(self, case: str) -> Case:
        """Raises Unknown."""
        with self._lock:
            known = self._cases.get(case)
        entries = self.trail.entries(case, known.last if known else 0)
        if not entries:
            if known is None:
                raise Unknown("case_unknown")
            return known
        return self._keep(fold(entries, known))

    def read(self, actor: Actor, case: str) -> Case:
        """The case, for somebody who may read it. Raises NotAllowed, Unknown."""
        self.require(actor, "read", case=case)
        return self.case(case)

    def require(self, actor: Actor, right: str, *, case: str = "", document: str = "") -> None:
        """Raises NotAllowed, and keeps the attempt, where the actor has not a right of rights.csv."""
        if not allows(actor, right):
            self._deny(actor, case, right, document, "may_not")
            raise NotAllowed("may_not")

    def template(self, document: Document) -> Template:
        """The template in the version that the document was begun with. Raises Unknown."""
        template = self.templates.get(document.template, document.template_version)
        if template is None:
            raise Unknown("template_unknown")
        return template

    def _act(
        self, actor: Actor, case: str, action: str, decide: Decide, document: str = "", *, alone: bool = False
    ) -> Case:
        """alone: what is decided hangs on other cases, too: nothing at all may have been written meanwhile."""
        for _ in range(TRIES):
            whole = self.trail.last() if alone else None
            known = self.case(case)
            try:
                bodies = decide(known)
            except NotAllowed as refusal:
                self._deny(actor, case, action, document, refusal.key)
                raise
            if not bodies:
                return known
            try:
                return self._append(actor.account, case, known, bodies, whole)
            except Stale:
                continue
        raise Impossible("busy")

    def _append(self, account: str, case: str, known: Case | None, bodies: Sequence[Body], whole: int | None) -> Case:
        try:
            kept = [normal(body) for body in bodies]
        except ValueError:
            raise Impossible("malformed") from None
        seen = known.last if known else 0
        now = self.clock.now_us()
        ahead = fold((Entry(seq=seen + 1, at_us=now, actor=account, case=case, body=b) for b in kept), known)
        made = self.trail.append(account, case, kept, seen=seen, whole=whole, row=row_of(ahead))
        return self._keep(fold(made, known))

    def _keep(self, case: Case) -> Case:
        with self._lock:
            known = self._cases.get(case.id)
            if known is None or known.last < case.last:
                self._cases[case.id] = case
            self._cases.move_to_end(case.id)
            while len(self._cases) > CACHED:
                self._cases.popitem(last=False)
        return case

    def _allow(self, actor: Actor, right: str) -> None:
        if not allows(actor, right):
            raise NotAllowed("may_not")

    def _deny(self, actor: Actor, case: str, action: str, document: str, why: str) -> None:
        known = case if case and self.trail.row(case) is not None else ""
        self.trail.append(actor.account, known, [Denied(action=action, document=document[:120], why=why)])


def checked_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise Impossible("id_malformed")
    return text


def checked_reason(text: str) -> str:
    check_texts(text)
    if not text.strip():
        raise Impossible("reason_missing")
    return text.strip()


def check_kept(known: Case) -> None:
    if known.state == "discarded":
        raise Impossible("case_discarded")


def document_of(known: Case, document: str) -> Document:
    found = known.documents.get(document)
    if found is None:
        raise Unknown("document_unknown")
    return found
