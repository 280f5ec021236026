"""Posts what is due of each case, and sees what becomes of it: follows the audit trail and its own messages.

After a kill it finds the same things due, under the same ids, and puts what is not in the outbox yet.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock

from charting.apart import Apart, repeat
from charting.case.state import Case
from charting.charges.dft import Biller, posting
from charting.charges.due import KINDS, due
from charting.charges.keeping import Behind, Charges
from charting.charges.ledger import Charge, State, postings, settled, unsettled
from charting.charges.lines import Tariff
from charting.outbox.following import Cursors, Follower
from charting.outbox.parcel import Outbox
from charting.outbox.parcel import State as Became
from charting.trail.entries import Entry
from charting.trail.trail import Trail
from collector.logs import Link, logger

FOLLOWED = ("signed", "charges_decided", "merged", "set", "discarded")
"""What may make something due: `set`, for the patient's own data."""

LOOK_S = 2.0
"""How often it is asked what became of messages that are on their way."""

_OUTCOMES: Mapping[Became, State] = {
    Became.WAITING: "sent",
    Became.PARKED: "sent",
    Became.ANSWERED: "accepted",
    Became.WITHDRAWN: "withdrawn",
    Became.EXPIRED: "withdrawn",
}

NAME = "charges"
"""Of what follows the audit trail."""


class Poster:
    """Calls block; any thread may call."""

    def __init__(
        self,
        trail: Trail,
        charges: Charges,
        outbox: Outbox,
        cursors: Cursors,
        tariff: Tariff,
        biller: Callable[[], Biller],
    ) -> None:
        self._trail = trail
        self._charges = charges
        self._outbox = outbox
        self._tariff = tariff
        self._biller = biller
        self._lock = Lock()
        log = logger(part="charges")
        self._apart = Apart(log, "a case cannot be charged", Behind)
        self._link = Link(log, "the looking after charges")
        self.follower = Follower(NAME, trail, cursors, FOLLOWED, self.act)

    def act(self, entries: Sequence[Entry]) -> None:
        """What was done that may make something due."""
        for case in dict.fromkeys(e.case for e in entries if e.case and _concerns(e)):
            self._trying(case)

    def settle(self) -> None:
        """See what became of messages; what waited for them is posted. Raises VitalsdError."""
        for case, charges in self._charges.of_cases(self._charges.open_cases()).items():
            if self._apart.trying(case, partial(self._is_news, charges)):
                self._trying(case)
        self._apart.looked()

    def post(self, case: str) -> Sequence[Charge]:
        """Post what is due of a case; returns the new lines. Raises Behind where somebody else has posted meanwhile."""
        with self._lock:
            before = self._charges.of_case(case)
            outcomes = self._outcomes(before)
            known = settled(before, outcomes)
            entries = self._trail.entries(case, kinds=KINDS)
            if not entries:
                return []
            folded, owed = due(entries, self._tariff, self.follower.began())
            new = postings(folded, owed, known, self._tariff, self._tariff.clock.now_us())
            if new or outcomes:
                self._charges.keep(case, len(before), new, outcomes)
            self._send(folded, [c for c in (*known, *new) if c.state == "sent"])
            return new

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, beside the follower."""
        await repeat(self.settle, LOOK_S, stop, self._link)

    def _trying(self, case: str) -> None:
        for _ in range(3):
            try:
                self._apart.trying(case, lambda: self.post(case))
            except Behind:
                continue
            return

    def _is_news(self, charges: Sequence[Charge]) -> bool:
        """Something has become of a message, or the outbox does not have it yet."""
        sent = {charge.parcel for charge in charges if charge.state == "sent"}
        return bool(self._outcomes(charges)) or any(self._outbox.find(key) is None for key in sent)

    def _outcomes(self, charges: Sequence[Charge]) -> Mapping[str, tuple[State, int]]:
        """Of messages of which something else has become than is known."""
        known = {charge.parcel: charge.state for charge in charges}
        found: dict[str, tuple[State, int]] = {}
        for key in unsettled(charges):
            sent = self._outbox.find(key)
            if sent is not None and _OUTCOMES[sent.state] != known[key]:
                found[key] = (_OUTCOMES[sent.state], sent.answered_us or self._tariff.clock.now_us())
        return found

    def _send(self, case: Case, charges: Sequence[Charge]) -> None:
        """What the outbox does not have yet: it was killed in between."""
        lines: dict[str, list[Charge]] = {}
        for charge in charges:
            lines.setdefault(charge.parcel, []).append(charge)
        missing = [posted for key, posted in lines.items() if self._outbox.find(key) is None]
        if missing:
            biller = self._biller()
            self._outbox.put([posting(case, posted, biller) for posted in missing])


def _concerns(entry: Entry) -> bool:
    body = entry.body
    return body.kind != "set" or body.content.kind == "patient"
