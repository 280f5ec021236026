"""The acts of a story in order of time: who wrote what into its case, at first and when the story is told otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from charting.case.completeness import digest_of, lacking
from charting.case.state import Case, fold
from charting.department import forms
from charting.department.papers import RECORD, TEMPLATES, Entered, Paper, identity, papers
from charting.department.people import staff
from charting.department.record import entered
from charting.department.story import HOUR_US, MINUTE_US, Story
from charting.department.thermometers import thermometry
from charting.trail.entries import (
    SYSTEM,
    Body,
    Closed,
    Discarded,
    Entry,
    Merged,
    Moved,
    Opened,
    Set,
    Signed,
    Started,
    UnlockAnswered,
    UnlockAsked,
    Voided,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What an account wrote into a case at a time."""

    at_us: int
    account: str
    case: str
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """All acts of a story so far, and the case that they make."""

    acts: tuple[Act, ...]
    case: Case


def written(story: Story) -> Written:
    """A story from its beginning."""
    acts = sorted(_acts(story), key=lambda act: act.at_us)
    return _folded(story, acts, None)


def _acts(story: Story) -> Iterator[Act]:
    def act(at_us: int, account: str, body: Body) -> Act:
        return Act(at_us=at_us, account=account, case=story.case, body=body)

    first = story.beds[0]
    opened = Opened(
        bed=first.bed, area=first.area, at_us=first.at_us, patient=identity(story.person, story.operation.department),
        emergency=story.emergency, is_test=story.is_test,
    )  # fmt: skip
    yield act(first.at_us, story.opened_by, opened)
    for bed in story.beds[1:]:
        mover = story.author if bed.area in {"or", "offsite"} else story.opened_by
        yield act(bed.at_us, mover, Moved(bed=bed.bed, area=bed.area, at_us=bed.at_us))
    for at_us, person in story.merged:
        patient = replace(identity(person, story.operation.department), temporary=story.person.temporary)
        yield act(at_us, story.opened_by, Merged(patient=patient, reason="identified"))
    for paper in papers(story):
        yield act(paper.begun_us, paper.author, _started(paper))
    versions: dict[tuple[str, str], int] = {}
    for each in entered(story):
        after = versions.get((each.document, each.item), 0)
        versions[each.document, each.item] = after + 1
        yield act(each.at_us, each.account, _set(each, after))
    for paper in papers(story):
        if paper.signed_us is not None:
            yield act(paper.signed_us, paper.author, _unsigned(paper))
    told = thermometry(story)
    if told is not None:
        yield act(story.closed_us, SYSTEM, told)
    yield act(story.closed_us + MINUTE_US, story.opened_by, Closed(at_us=story.closed_us))
    if story.discarded_us is not None:
        yield act(story.discarded_us, story.author, Discarded(reason="opened by mistake"))


def _set(each: Entered, after: int, reason: str = "") -> Set:
    return Set(document=each.document, item=each.item, after=after, content=each.content, reason=reason)


def _started(paper: Paper) -> Started:
    template = forms.newest(TEMPLATES[paper.document])
    return Started(document=paper.document, template=template.name, version=template.version, start_us=paper.start_us)


def _unsigned(paper: Paper) -> Signed:
    """A signature whose digest is told when everything before it is known."""
    return Signed(document=paper.document, version=0, slot=paper.slot, digest="")


def _folded(story: Story, acts: Sequence[Act], case: Case | None) -> Written:
    """The acts with their signatures made out, and the case."""
    done: list[Act] = []
    pending: list[Entry] = []
    seq = case.last if case is not None else 0
    for act in acts:
        body = act.body
        if isinstance(body, Signed):
            case, pending = fold(pending, case), []
            body = _signature(case, body)
            act = replace(act, body=body)  # noqa: PLW2901  the same act, made out
        seq += 1
        pending.append(Entry(seq=seq, at_us=act.at_us, actor=act.account, case=story.case, body=body))
        done.append(act)
    return Written(acts=tuple(done), case=fold(pending, case))


def _signature(case: Case, body: Signed) -> Signed:
    document = case.documents[body.document]
    missing = lacking(case, document, forms.newest(document.template))
    return replace(body, version=document.version, digest=digest_of(document), lacking=tuple(missing))


def later(known: Case, before: Story, after: Story, at_us: int) -> Written:
    """What is done from `at_us` on, so that the record says the later state of the story.

    A signed document that changes is unlocked for it, and signed again where the story says that it is.
    """
    return _folded(after, list(_later(known, before, after, at_us)), known)


def _later(known: Case, before: Story, after: Story, at_us: int) -> Iterator[Act]:
    head, time = staff().head[0].account, iter(range(at_us, at_us + HOUR_US, MINUTE_US))

    def act(account: str, body: Body) -> Act:
        return Act(at_us=next(time), account=account, case=after.case, body=body)

    for _, person in after.merged[len(before.merged) :]:
        patient = replace(identity(person, after.operation.department), temporary=known.patient.temporary)
        yield act(head, Merged(patient=patient, reason="the same patient"))
    old, new = _items(before), _items(after)
    changed = [key for key in new if key not in old or old[key].content != new[key].content]
    gone = [key for key in old if key not in new]
    said = _said_again(before, after)
    papers_before = {paper.document: paper for paper in papers(before)}
    papers_after = {paper.document: paper for paper in papers(after)}
    touched = {document for document, _ in (*changed, *gone) if document}
    discards = after.discarded_us is not None and before.discarded_us is None
    if discards:
        touched |= set(papers_before)
    if before.signed_us is not None and after.signed_us is None:
        touched.add(RECORD)
    opened = sorted(d for d in touched if d in known.documents and known.documents[d].locked)
    for document in opened:
        author = papers_before[document].author
        yield act(author, UnlockAsked(document=document, reason="correction"))
        yield act(head, UnlockAnswered(document=document, granted=True, reason="agreed"))
    if discards:
        yield act(head, Discarded(reason="opened by mistake"))
        return
    for document, paper in papers_after.items():
        if document not in known.documents:
            yield act(paper.author, _started(paper))
    versions = _Versions(known)
    for key in changed:
        each = new[key]
        after_n = versions.take(*key)
        account = each.account if each.document else head
        yield act(account, _set(each, after_n, "typing_error" if after_n else ""))
    for each in said:
        after_n = versions.take(each.document, each.item)
        yield act(head, _set(each, after_n, "judgement" if after_n else ""))
    for document, item in gone:
        account = papers_before[document].author if document else head
        yield act(
            account, Voided(document=document, item=item, after=versions.take(document, item), reason="typing_error")
        )
    for document, paper in papers_after.items():
        stays = document in known.documents and known.documents[document].locked and document not in opened
        if paper.signed_us is not None and not stays:
            yield act(paper.author, _unsigned(paper))


def _items(story: Story) -> Mapping[tuple[str, str], Entered]:
    """By document and item, but for the plan, of which every saying counts."""
    return {(e.document, e.item): e for e in entered(story) if e.item != "icu_planned"}


def _said_again(before: Story, after: Story) -> list[Entered]:
    """What was said of the ICU plan since."""
    n = len(before.plans)
    return [e for e in entered(after) if e.item == "icu_planned"][n:]


class _Versions:
    """Numbers of the versions that a writer saw."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._taken: dict[tuple[str, str], int] = {}

    def take(self, document: str, item: str) -> int:
        """The present number; the next one is taken."""
        known = self._case.items if not document else self._case.documents[document].items
        found = known.get(item)
        number = self._taken.get((document, item), found.number if found else 0)
        self._taken[document, item] = number + 1
        return number
