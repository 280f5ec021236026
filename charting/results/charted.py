"""What of the record's values an entry makes news of, and the messages that say so. Pure."""

from collections.abc import Callable, Iterator, Mapping

from charting.case.state import Case, Document
from charting.outbox.config import Destination
from charting.outbox.parcel import Parcel
from charting.results.message import Sender, control, parcel, patient, visit
from charting.results.values import Key, Result, news, results, unlike
from charting.results.vitals import VITALS, bundles, rows
from charting.templates.template import Template
from charting.trail.contents import Patient
from charting.trail.entries import Entry

KINDS = ("opened", "filled", "set", "voided", "signed", "merged", "discarded")
"""Entries that can make a value come, change or go."""


class Charting:
    """`template` of a document. `stood`: a case as it stood when telling began; what is as it was then was not told."""

    def __init__(
        self,
        sender: Sender,
        to: Destination,
        template: Callable[[Document], Template],
        stood: Callable[[str], Case | None],
    ) -> None:
        self._sender = sender
        self._to = to
        self._template = template
        self._stood = stood

    def compose(self, entry: Entry, before: Case | None, after: Case) -> Iterator[Parcel]:
        """A message for each patient, bed and device of which the entry makes news."""
        stood = self._results(self._stood(entry.case))
        told = news(unlike(self._results(before), stood), unlike(self._results(after), stood))
        for n, bundle in enumerate(bundles(told), 1):
            key = f"vitals/{self._to.name}/{entry.seq}/{n}"
            who = known_as(bundle.number, after)
            yield parcel(
                self._sender,
                self._to,
                VITALS,
                [
                    patient(self._sender, who),
                    visit(self._sender, who, bundle.bed),
                    *rows(self._sender, bundle, control(key)),
                ],
                key=key,
                at_us=entry.at_us,
                trying=bundle.demo,
                lane=f"vitals/{entry.case}",
                case=entry.case,
            )

    def _results(self, case: Case | None) -> Mapping[Key, Result]:
        if case is None:
            return {}
        return results(case, {id_: self._template(document) for id_, document in case.documents.items()})


def known_as(number: str, case: Case) -> Patient:
    """The case's patient under a number that he has, or had."""
    return next((who for who in reversed(case.identities) if who.number == number), case.patient)
