"""What people and devices may write into a case, and what may become of its documents: one method each."""

from collections.abc import Sequence
from uuid import uuid4

from charting.accounts.actor import Actor
from charting.case.authority import may_begin, may_sign
from charting.case.book import Casebook, check_kept, checked_id, checked_reason, document_of
from charting.case.changes import decide_set, decide_void
from charting.case.checks import Scene, check_texts, check_time
from charting.case.completeness import digest_of, lacking
from charting.case.refusals import Impossible, Incomplete, Locked, NotAllowed, Unknown
from charting.case.state import Case, Item, signatures_of
from charting.trail.contents import Content, Infusion
from charting.trail.entries import (
    SYSTEM,
    Body,
    Certified,
    DeviceHeld,
    Filled,
    HandedOver,
    Printed,
    Returned,
    Set,
    Signed,
    Started,
    Thermometry,
    UnlockAnswered,
    UnlockAsked,
    Voided,
)

_FILLER = Actor(account=SYSTEM, name=SYSTEM, roles=frozenset())


class Documents(Casebook):
    # Items

    def set(
        self, actor: Actor, case: str, *, document: str = "", item: str, after: int, content: Content, reason: str = ""
    ) -> Case:
        """Make an item or its next version. `after`: the number of the version that the actor saw, 0 for none.

        `reason` (see charting.case.reasons): for a change of what stands there, be it a person's or a device's; not
        for what completes it (an end, a later rate), nor for a device's value that is confirmed. Raises Conflict where
        another version stands there, Locked, Impossible, NotAllowed, Unknown.
        """
        check_texts(reason)
        said = Set(document=document, item=checked_id(item), after=after, content=content, reason=reason)

        def decide(known: Case) -> Sequence[Body]:
            return decide_set(actor, self._scene(known, document, item), said)

        return self._act(actor, case, "set", decide, document)

    def void(self, actor: Actor, case: str, *, document: str = "", item: str, after: int, reason: str) -> Case:
        """Take an item away, for a reason; it stays in the trail."""
        check_texts(reason)
        said = Voided(document=document, item=checked_id(item), after=after, reason=reason)

        def decide(known: Case) -> Sequence[Body]:
            return decide_void(actor, self._scene(known, document, item), said)

        return self._act(actor, case, "void", decide, document)

    # Documents

    def start(
        self, actor: Actor, case: str, *, template: str, document: str | None = None, start_us: int | None = None
    ) -> Case:
        """Begin a document with the newest version of a template, as its author.

        `start_us`: from when on devices fill it; None: from the patient's coming to the present bed, of a form now.
        """
        id_ = checked_id(document or uuid4().hex)
        form = self.templates.get(template)
        if form is None:
            raise Unknown("template_unknown")

        def decide(known: Case) -> list[Body]:
            if not may_begin(actor, form):
                raise NotAllowed("may_not")
            there = known.documents.get(id_)
            if there is not None:
                if (there.template, there.author) == (template, actor.account):
                    return []
                raise Impossible("id_taken")
            check_kept(known)
            if not form.many and any(d.template == template for d in known.documents.values()):
                raise Impossible("document_begun", zh=form.zh, en=form.en)
            begin = start_us
            if begin is None:
                begin = known.stays[-1].start_us if form.grid else self.clock.now_us()
            check_time(self.clock, begin)
            return [Started(document=id_, template=template, version=form.version, start_us=begin)]

        return self._act(actor, case, f"start:{template}", decide)

    def hand_over(self, actor: Actor, case: str, *, document: str, to: str) -> Case:
        """The document has another author from now on: by its author, or a head of department."""
        check_texts(to)

        def decide(known: Case) -> list[Body]:
            found = document_of(known, document)
            if found.author == to:
                return []
            if actor.account != found.author and "head" not in actor.roles:
                raise NotAllowed("not_author")
            check_kept(known)
            if not to:
                raise Impossible("nobody")
            return [HandedOver(document=document, to=to)]

        return self._act(actor, case, "hand_over", decide, document)

    def sign(self, actor: Actor, case: str, *, document: str, slot: str) -> Case:
        """The first signature locks the document; others may follow in their slots, each by another person.

        Raises Incomplete where something required is missing; in an emergency that is kept with the signature instead.
        """

        def decide(known: Case) -> list[Body]:
            found = document_of(known, document)
            template = self.template(found)
            if template.slot(slot) is None:
                raise Unknown("slot_unknown")
            if not may_sign(actor, template, slot):
                raise NotAllowed("may_not_sign")
            check_kept(known)
            signed = signatures_of(found)
            if signed.get(slot, ("", 0))[0] == actor.account:
                return []
            if slot in signed:
                raise Impossible("slot_taken")
            if any(who == actor.account for who, _ in signed.values()):
                raise Impossible("signed_already")
            missing = lacking(known, found, template)
            if missing and not known.emergency:
                names = template.lacking_names
                raise Incomplete(missing, {lang: ", ".join(names[m][lang] for m in missing) for lang in ("zh", "en")})
            return [
                Signed(
                    document=document,
                    version=found.version,
                    slot=slot,
                    digest=digest_of(found),
                    lacking=tuple(missing),
                )
            ]

        return self._act(actor, case, "sign", decide, document)

    def ask_unlock(self, actor: Actor, case: str, *, document: str, reason: str) -> Case:
        """The author asks that a signed document be opened again."""

        def decide(known: Case) -> list[Body]:
            found = document_of(known, document)
            if actor.account != found.author:
                raise NotAllowed("not_author")
            check_kept(known)
            if found.unlock_asked is not None:
                return []
            if not found.locked:
                raise Impossible("not_locked")
            return [UnlockAsked(document=document, reason=checked_reason(reason))]

        return self._act(actor, case, "ask_unlock", decide, document)

    def answer_unlock(self, actor: Actor, case: str, *, document: str, granted: bool, reason: str) -> Case:
        """By a head of department, never by who asked. Granted: open again as version n + 1."""

        def decide(known: Case) -> list[Body]:
            found = document_of(known, document)
            self._allow(actor, "approve_unlock")
            check_kept(known)
            if found.unlock_asked is None:
                raise Impossible("no_request")
            if found.unlock_asked[0] == actor.account:
                raise NotAllowed("own_request")
            return [UnlockAnswered(document=document, granted=granted, reason=checked_reason(reason))]

        return self._act(actor, case, "answer_unlock", decide, document)

    def send_back(self, actor: Actor, case: str, *, document: str, reason: str) -> Case:
        """By head or quality: its author is to mend something. A signed one is open again as version n + 1."""

        def decide(known: Case) -> list[Body]:
            found = document_of(known, document)
            self._allow(actor, "return")
            check_kept(known)
            if found.returned is not None and found.returned[:2] == (actor.account, reason.strip()):
                return []
            return [Returned(document=document, reason=checked_reason(reason))]

        return self._act(actor, case, "send_back", decide, document)

    def printed(self, actor: Actor, case: str, *, document: str) -> Case:
        """Somebody has printed it, in its present version with so many items edited."""

        def decide(known: Case) -> list[Body]:
            found = document_of(known, document)
            self._allow(actor, "read")
            return [Printed(document=document, version=found.version, edited=found.edits)]

        return self._act(actor, case, "printed", decide, document)

    # The filler

    def fill(self, case: str, filled: Filled) -> Case:
        """What devices say. Raises Locked for a signed document: it says what was signed."""

        def decide(known: Case) -> list[Body]:
            if document_of(known, filled.document).locked:
                raise Locked("locked")
            check_kept(known)
            return [filled]

        return self._act(_FILLER, case, "fill", decide, filled.document)

    def infuse(self, case: str, *, document: str, item: str, infusion: Infusion | None) -> Case:
        """What a pump says that it gives; None: it has been told otherwise since. What a person has changed stays."""

        def decide(known: Case) -> list[Body]:
            found = document_of(known, document)
            if found.locked:
                raise Locked("locked")
            check_kept(known)
            before = found.items.get(item) or Item(id=item)
            if before.content == infusion or any(version.author != SYSTEM for version in before.versions):
                return []
            if infusion is None:
                return [Voided(document=document, item=item, after=before.number, reason="device")]
            return [Set(document=document, item=checked_id(item), after=before.number, content=infusion)]

        return self._act(_FILLER, case, "infuse", decide, document)

    def hold(self, case: str, held: DeviceHeld) -> Case:
        """A device says that its patient is another: not charted until a person has judged. Told once."""

        def decide(known: Case) -> list[Body]:
            check_kept(known)
            judged = not held.own and known.is_same(held.device, held.told)
            return [] if judged or held in known.holds else [held]

        return self._act(_FILLER, case, "hold", decide)

    def certify(self, case: str, certified: Certified) -> Case:
        """The completeness certificate of a document."""

        def decide(known: Case) -> list[Body]:
            return [] if document_of(known, certified.document).certificate == certified else [certified]

        return self._act(_FILLER, case, "certify", decide, certified.document)

    def measure(self, case: str, thermometry: Thermometry) -> Case:
        """What thermometers told of the patient and of his rooms, as it is to be kept with the case."""

        def decide(known: Case) -> list[Body]:
            check_kept(known)
            return [] if known.thermometry == thermometry else [thermometry]

        return self._act(_FILLER, case, "measure", decide)

    def _scene(self, known: Case, document: str, item: str) -> Scene:
        found = document_of(known, document) if document else None
        return Scene(
            clock=self.clock,
            libraries=self.libraries,
            case=known,
            document=found,
            template=self.template(found) if found else None,
            item=known.items_of(document).get(item),
        )
