"""Which signed documents of a case the hospital has, and what becomes of them. Pure.

Each signature makes an edition: the first of a version locks it (AU), the one in the last free slot completes it (LA).
An edition replaces the one before (MDM^T10); a document that is open again is cancelled (MDM^T11) until it is signed
anew, which replaces what was cancelled.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from charting.case.state import Case, Document
from charting.templates.template import Template

AUTHENTICATED, LEGAL = "AU", "LA"
"""TXA-17 (HL7 table 0271): signed; signed in every slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A document as it was signed. `number`: unique for ever; `parent`: that of the edition before, "" of the first.

    `signed`: (account, when) of its version, in order.
    """

    number: str
    parent: str
    document: str
    version: int
    signed: Sequence[tuple[str, int]]
    status: str


Key = tuple[str, str]
"""The patient's number, the document."""


def editions(case: Case, template: Mapping[str, Template]) -> Mapping[Key, Edition]:
    """What is in force: nothing of a document that is open, of a nameless patient, of a case opened by mistake."""
    number = case.patient.number
    if not number or case.state == "discarded":
        return {}
    return {
        (number, document.id): _edition(case, document, template[document.id])
        for document in case.documents.values()
        if document.locked
    }


def news(before: Mapping[Key, Edition], after: Mapping[Key, Edition]) -> Iterator[tuple[Key, Edition, bool]]:
    """What has come into force, and (True) what is no longer: that first."""
    for key, edition in before.items():
        if key not in after:
            yield key, edition, True
    for key, edition in after.items():
        if before.get(key) != edition:
            yield key, edition, False


def _edition(case: Case, document: Document, template: Template) -> Edition:
    numbers = list(_numbers(case, document))
    signed = [(who, at_us) for body, who, at_us in document.signatures if body.version == document.version]
    return Edition(
        number=numbers[-1],
        parent=numbers[-2] if len(numbers) > 1 else "",
        document=document.id,
        version=document.version,
        signed=signed,
        status=LEGAL if len(signed) == len(template.signatures) else AUTHENTICATED,
    )


def _numbers(case: Case, document: Document) -> Iterator[str]:
    """One for each signature: document, version, how many had signed, and under which number of the patient's."""
    patients = [number for number, _ in groupby(who.number for who in case.identities) if number]
    whose = f".{len(patients)}" if len(patients) > 1 else ""
    count: dict[int, int] = {}
    for body, _, _ in document.signatures:
        count[body.version] = count.get(body.version, 0) + 1
        yield f"{document.id}.{body.version}.{count[body.version]}{whose}"
