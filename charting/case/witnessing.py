"""What people say of controlled drugs and charges: who saw what became of an ampoule, and what may be billed."""

from charting.accounts.actor import Actor
from charting.case.book import Casebook, check_kept, checked_reason, document_of
from charting.case.refusals import Conflict, Impossible, NotAllowed, Unknown
from charting.case.state import Case, witness_of
from charting.trail.contents import Controlled
from charting.trail.entries import ChargesDecided, Witnessed


class Witnessing(Casebook):
    def witness(self, actor: Actor, case: str, *, document: str, item: str, number: int) -> Case:
        """He saw what version `number` of a controlled drug's item says; who wrote any of it does not witness it.

        Also after the document was signed: it changes nothing of it. Raises Conflict where another version stands.
        """

        def decide(known: Case) -> list[Witnessed]:
            self._allow(actor, "witness")
            check_kept(known)
            found = document_of(known, document)
            there = found.items.get(item)
            if there is None or not isinstance(there.content, Controlled):
                raise Unknown("controlled_unknown")
            if any(version.author == actor.account for version in there.versions):
                raise NotAllowed("controlled_own")
            if there.number != number:
                last = there.versions[-1]
                raise Conflict(last, author=last.author, time=self.clock.written(last.at_us))
            if witness_of(known, document, there) is not None:
                return []
            return [Witnessed(document=document, item=item, number=number)]

        return self._act(actor, case, "witness", decide, document)

    def decide_charges(self, actor: Actor, case: str, *, confirmed: bool, reason: str = "") -> Case:
        """Confirmed: what the record says now is billed. Held, for a reason: nothing of it until it is confirmed."""

        def decide(known: Case) -> list[ChargesDecided]:
            self._allow(actor, "charge")
            check_kept(known)
            if known.is_test:
                raise Impossible("charges_of_test")
            if confirmed:
                return [ChargesDecided(decision="confirmed")]
            if known.charges is not None and known.charges[0].decision == "held":
                return []
            return [ChargesDecided(decision="held", reason=checked_reason(reason))]

        return self._act(actor, case, "charges", decide)
