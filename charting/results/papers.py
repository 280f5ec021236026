"""MDM: signed documents as PDF, with their times, scores and temperatures as observations. Pure but for what it asks.

Fact sheet hl7-adt-billing; HL7 2.6 chapter 9. T02 a document, T10 one that replaces another, T11 one that is withdrawn.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from charting.case.events import events
from charting.case.state import Case, Document
from charting.library.scores import scales
from charting.outbox.config import Destination
from charting.outbox.parcel import Parcel
from charting.results.charted import known_as
from charting.results.documents import Edition, editions, news
from charting.results.message import LOCAL, Kind, Segment, Sender, event, parcel, patient, visit
from charting.results.values import FINAL, results
from charting.results.vitals import value
from charting.templates.template import Template
from charting.trail.contents import Score
from charting.trail.entries import Entry
from collector.hl7.message import compose, escape

KINDS = ("set", "signed", "unlock_answered", "returned", "merged", "discarded")
"""Entries by which a document comes into force, or is no longer."""

NEW, REPLACED, CANCELLED = (Kind(type=f"MDM^{code}") for code in ("T02^MDM_T02", "T10^MDM_T02", "T11^MDM_T01"))
AVAILABLE, UNAVAILABLE = "AV", "UN"
"""TXA-19 (HL7 table 0273)."""

_TEMPERATURES = frozenset({"temp", "temp2"})

Draw = Callable[[Case, str, str, int], bytes]
"""Case, document, language, when → its PDF. Raises UsageError where this machine cannot make one."""


class Papers:
    """`names`: account → person's name. `template` of a document. `told`: whether a parcel of a key was made."""

    def __init__(
        self,
        sender: Sender,
        to: Destination,
        template: Callable[[Document], Template],
        draw: Draw,
        names: Callable[[], Mapping[str, str]],
        lang: str,
        told: Callable[[str], bool],
    ) -> None:
        self._sender = sender
        self._to = to
        self._template = template
        self._draw = draw
        self._names = names
        self._lang = lang
        self._told = told

    def compose(self, entry: Entry, before: Case | None, after: Case) -> Iterator[Parcel]:
        """A message for each document that comes into force by the entry, or is no longer."""
        was = editions(before, self._templates(before)) if before is not None else {}
        for (number, document), edition, gone in news(was, editions(after, self._templates(after))):
            if gone and not self._told(self._key(entry.case, edition.number)):
                continue
            own = (each for (_, id_), each in was.items() if id_ == document)
            moved = None if (number, document) in was else next(own, None)
            if moved is not None and not self._told(self._key(entry.case, moved.number)):
                continue  # whose it is makes no news of what nobody was told
            if not self._told(self._key(entry.case, edition.parent)):
                edition = replace(edition, parent="")  # noqa: PLW2901  the hospital has none
            case = before if gone and before is not None else after
            kind = CANCELLED if gone else REPLACED if edition.parent else NEW
            who, key = known_as(number, after), self._key(entry.case, edition.number)
            yield parcel(
                self._sender,
                self._to,
                kind,
                [
                    event(self._sender, kind, entry.at_us),
                    patient(self._sender, who),
                    visit(self._sender, who, case.bed),
                    self._about(case, edition, gone=gone, reason=_reason(entry) if gone else ""),
                    *([] if gone else self._content(case, edition)),
                ],
                key=f"{key}/gone-{entry.seq}" if gone else key,
                at_us=entry.at_us,
                trying=case.is_test,
                lane=f"document/{entry.case}/{document}",
                case=entry.case,
            )

    def _key(self, case: str, number: str) -> str:
        return f"document/{self._to.name}/{case}/{number}"

    def _about(self, case: Case, edition: Edition, *, gone: bool, reason: str) -> Segment:
        """TXA."""
        document, names = case.documents[edition.document], self._names()
        return [
            "TXA",
            "1",
            escape(document.template),
            "AP",
            self._sender.time(edition.signed[-1][1]),
            _person(edition.signed[-1][0], names),
            self._sender.time(document.started_us),
            "",
            "",
            _person(document.author, names),
            "",
            "",
            self._sender.entity(edition.number),
            self._sender.entity(edition.parent) if edition.parent else "",
            "",
            "",
            "" if gone else f"{escape(edition.number)}.pdf",
            edition.status,
            "",
            UNAVAILABLE if gone else AVAILABLE,
            "",
            escape(reason),
            "~".join(_signed(account, names, self._sender.time(at_us)) for account, at_us in edition.signed),
        ]

    def _content(self, case: Case, edition: Edition) -> Iterator[Segment]:
        document = case.documents[edition.document]
        title = self._template(document).title(self._lang)
        paper = b64encode(self._draw(case, document.id, self._lang, edition.signed[-1][1])).decode("ascii")
        said = compose("", "application", "pdf", "Base64", paper)
        yield ["OBX", "1", "ED", compose(document.template, title, LOCAL), "", said, "", "", "", "", "", "F"]
        for n, row in enumerate(self._structured(case, document), 2):
            yield ["OBX", str(n), *row[2:4], str(n), *row[5:]]

    def _structured(self, case: Case, document: Document) -> Iterator[Segment]:
        time = self._sender.time
        for each in case.events:
            kind = events().get(each.key)
            name = (kind.zh if self._lang == "zh" else kind.en) if kind else each.key
            code = compose(each.key, name, LOCAL)
            yield ["OBX", "", "DTM", code, "", time(each.at_us), "", "", "", "", "", "F", "", "", time(each.at_us)]
        for _, score in document.of(Score):
            if isinstance(score, Score):
                scale = scales().get(score.scale)
                name = (scale.zh if self._lang == "zh" else scale.en) if scale else score.scale
                code = compose(score.scale, name, LOCAL)
                at = time(score.at_us)
                yield ["OBX", "", "NM", code, "", str(score.total), "", "", "", "", "", "F", "", "", at]
        if self._template(document).grid is not None:
            alone = replace(case, documents={document.id: document})
            found = results(alone, {document.id: self._template(document)}).values()
            for result in sorted(found, key=lambda each: each.mark_us):
                if result.signal in _TEMPERATURES and result.text:
                    yield value(self._sender, replace(result, status=FINAL), 0, dated=True)

    def _templates(self, case: Case) -> Mapping[str, Template]:
        return {id_: self._template(document) for id_, document in case.documents.items()}


def _person(account: str, names: Mapping[str, str]) -> str:
    """XCN: our account and the person's name."""
    return compose(account, names.get(account, ""))


def _signed(account: str, names: Mapping[str, str], time: str) -> str:
    """PPN: who, and when (its 15th component)."""
    return compose(account, names.get(account, ""), *("" for _ in range(12)), time)


def _reason(entry: Entry) -> str:
    return str(getattr(entry.body, "reason", ""))
