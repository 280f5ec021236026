"""Records that were signed as DocumentReferences; what they point to is drawn when it is asked for. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from charting.case.state import Case, Document
from charting.fhir.source import Resource, Source
from charting.fhir.terms import Json, coding, concept, ours

PDF = "application/pdf"
LANGS = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What a Binary is: a document's pages in a language."""

    document: str
    lang: str


def documents(source: Source) -> Iterator[Resource]:
    """Those that were signed at least once; one that is open again has nothing to point to until it is signed."""
    for document in source.case.documents.values():
        if document.signatures:
            yield _made(source, document)


def paper(case: Case, id_: str, source: Source) -> Paper | None:
    """The paper of a Binary's id; None: there is none, or it is not signed now."""
    for document in case.documents.values():
        for lang in LANGS:
            if document.locked and binary_id(source, document, lang) == id_:
                return Paper(document=document.id, lang=lang)
    return None


def binary_id(source: Source, document: Document, lang: str) -> str:
    """Each version's is another one: what was fetched by a name is never something else later."""
    return source.id("paper", document.id, str(document.version), lang)


def _made(source: Source, document: Document) -> Resource:
    template = source.template(document)
    signed = [(body, who, at_us) for body, who, at_us in document.signatures if body.version == document.version]
    last_us = document.signatures[-1][2]
    amended = document.version > 1
    body: Json = {
        "version": str(document.version),
        "status": "current",
        "docStatus": "preliminary" if not document.locked else "amended" if amended else "final",
        "type": concept(
            {**coding(ours("template"), template.name, template.en), "version": template.version}, text=template.zh
        ),
        "subject": source.patient,
        "context": [source.encounter],
        "date": source.when(last_us),
        "author": [source.person(document.author) or {"display": document.author}],
        "content": [
            {"attachment": _attachment(source, document, lang, template.title(lang), last_us)}
            for lang in (LANGS if document.locked else ("zh",))
        ],
    }
    if signed:
        body["attester"] = [
            {"mode": _ATTESTED, "time": source.when(at_us), "party": source.person(who) or {"display": who}}
            for _, who, at_us in signed
        ]
    updated_us = last_us if document.locked else source.case.last_us
    id_ = source.id("document", document.id)
    return source.made("DocumentReference", id_, body, updated_us, (last_us, last_us))


def _attachment(source: Source, document: Document, lang: str, title: str, at_us: int) -> Json:
    said: Json = {"contentType": PDF, "language": LANGS[lang], "title": title, "creation": source.when(at_us)}
    if document.locked:
        said["url"] = f"Binary/{binary_id(source, document, lang)}"
    return said


_ATTESTED = concept(coding("http://hl7.org/fhir/composition-attestation-mode", "legal"))
