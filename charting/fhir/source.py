"""What resources are made from: a case as it is folded, with what it takes to read it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from charting.case.state import Case, Document
from charting.charges.ledger import Charge
from charting.fhir.ids import case_key, part_id
from charting.fhir.terms import HL7, Json, coding, reference, when
from charting.templates.template import Template
from charting.trail.entries import SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource as R5 has it. `span_us`: when it was, [from, to]; to None: still; None: at no time of its own.

    `updated_us`: it may have been changed before, never after.
    """

    kind: str
    id: str
    body: Json
    updated_us: int
    span_us: tuple[int, int | None] | None = None

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.id}"


@dataclass(frozen=True, kw_only=True)
class Source:
    """`zone`: the site's, IANA. `names`: account → person. `charges`: reads the case's lines of bills."""

    case: Case
    zone: str
    template: Callable[[Document], Template]
    names: Mapping[str, str] = field(default_factory=dict)
    charges: Callable[[], Sequence[Charge]] = tuple

    @cached_property
    def key(self) -> str:
        return case_key(self.case)

    @cached_property
    def patient(self) -> Json:
        return reference("Patient", self.key)

    @cached_property
    def encounter(self) -> Json:
        return reference("Encounter", self.key)

    def id(self, *parts: str) -> str:
        return part_id(self.key, *parts)

    def when(self, at_us: int) -> str:
        return when(at_us, self.zone)

    def person(self, account: str) -> Json | None:
        """Somebody who did something; None: a machine."""
        return None if account == SYSTEM else {"display": self.names.get(account, account)}

    def made(
        self,
        kind: str,
        id_: str,
        body: Json,
        updated_us: int,
        span_us: tuple[int, int | None] | None = None,
        *,
        test: bool = False,
    ) -> Resource:
        """`test`: it says nothing of a patient."""
        meta: Json = {"lastUpdated": self.when(updated_us)}
        if test or self.case.is_test:
            meta["security"] = [coding(f"{HL7}/v3-ActReason", "HTEST", "test health data")]
        whole = {"resourceType": kind, "id": id_, "meta": meta, **body}
        return Resource(kind=kind, id=id_, body=whole, updated_us=updated_us, span_us=span_us)
