"""Setting and voiding items: which changes are allowed, and which are the same form sent twice. Pure."""

from charting.accounts.actor import Actor
from charting.case.authority import CASE_RIGHTS, may_set, may_write
from charting.case.checks import Scene, check
from charting.case.completion import completes
from charting.case.reasons import is_reason
from charting.case.refusals import Conflict, Impossible, Locked, NotAllowed
from charting.case.state import PATIENT_ITEM, Item
from charting.fill.types import CellState
from charting.trail.contents import Charted, Content, Pace, Patient
from charting.trail.entries import Set, Voided


def decide_set(actor: Actor, scene: Scene, said: Set) -> list[Set]:
    """The entry to append; none for the same form sent twice. Raises a Refusal."""
    item, content = scene.item, said.content
    _may(actor, scene, content.kind)
    if _is_last(item, actor, said.after, content):
        return []
    _open(scene)
    check(content, said.item, scene)
    _consider(scene, content)
    _seen(item, said.after, scene)
    if (item.content if item else None) == content:
        return []
    if item is not None and _needs_reason(item, content) and not is_reason(said.reason):
        raise Impossible("reason_missing")
    if said.reason and not is_reason(said.reason):
        raise Impossible("reason_missing")
    return [said]


def decide_void(actor: Actor, scene: Scene, said: Voided) -> list[Voided]:
    """The entry to append; none for the same form sent twice. Raises a Refusal."""
    item = scene.item
    if item is None:
        raise Impossible("nothing_to_void")
    _may(actor, scene, next((v.content.kind for v in item.versions if v.content), "charted"))
    if _is_last(item, actor, said.after, None):
        return []
    _open(scene)
    _seen(item, said.after, scene)
    if item.void or (not scene.document and said.item == PATIENT_ITEM):
        raise Impossible("nothing_to_void")
    if not is_reason(said.reason):
        raise Impossible("reason_missing")
    return [said]


def _may(actor: Actor, scene: Scene, kind: str) -> None:
    if scene.document is None or scene.template is None:
        if kind not in CASE_RIGHTS:
            raise Impossible("misplaced")
        if not may_write(actor, kind):
            raise NotAllowed("may_not_write")
    elif kind in CASE_RIGHTS:
        raise Impossible("misplaced")
    elif not may_set(actor, scene.document, scene.template, scene.item):
        raise NotAllowed("may_not_edit")


def _is_last(item: Item | None, actor: Actor, after: int, content: Content | None) -> bool:
    """The item's present version is this very one, by the same person: he sent his form twice."""
    if item is None or not item.versions:
        return False
    last = item.versions[-1]
    return (last.number, last.author, last.content) == (after + 1, actor.account, content)


def _open(scene: Scene) -> None:
    if scene.case.state == "discarded":
        raise Impossible("case_discarded")
    if scene.document is not None and scene.document.locked:
        raise Locked("locked")


def _seen(item: Item | None, after: int, scene: Scene) -> None:
    number = item.number if item else 0
    if after != number:
        last = item.versions[-1] if item and item.versions else None
        params = {"author": last.author, "time": scene.clock.written(last.at_us)} if last else {}
        raise Conflict(last, **{"author": "", "time": "", **params})


def _consider(scene: Scene, content: Content) -> None:
    """What the content means beside the others of the case."""
    item = scene.item
    before = next((v.content for v in reversed(item.versions) if v.content is not None), None) if item else None
    if before is not None and before.kind != content.kind:
        raise Impossible("other_kind")
    if item is not None and item.captured is not None and not isinstance(content, Charted):
        raise Impossible("other_kind")
    if isinstance(content, Patient) and (item is None or item.id != PATIENT_ITEM):
        raise Impossible("misplaced")
    if isinstance(content, Pace) and content.end_us is None:
        others = [i.content for i in scene.case.items.values() if item is None or i.id != item.id]
        if any(isinstance(o, Pace) and o.why == content.why and o.end_us is None for o in others):
            raise Impossible("pace_on")


def _needs_reason(item: Item, content: Content) -> bool:
    """A change of what stands there; neither its completion nor a device's value that a person confirms."""
    if item.versions:
        return item.content is None or not completes(item.content, content)
    accepted = isinstance(content, Charted) and content.accepted
    return item.captured is not None and item.captured.state is not CellState.EMPTY and not accepted
