"""The cases that a client may see, and what each of them has as resources. Reads the trail; any thread may call."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock

from charting.case.refusals import Unknown
from charting.charges.ledger import Charge
from charting.desk import Desk
from charting.fhir.encounters import void
from charting.fhir.ids import case_named, key_of
from charting.fhir.kinds import KINDS
from charting.fhir.source import Resource, Source
from charting.trail.trail import CaseRow

RECENT_US = 72 * 3_600_000_000
"""A search that names no case looks at those that were there in so long a time, unless it names another."""
MOST = 300
"""Cases that such a search looks at, the newest."""
NAMED_US = 30_000_000
"""How people are called is read anew after so long."""
_CACHED = 20_000
"""Resources that are kept, some 50 MB, in lists of one type of one case: a page after the other is of the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a client sees. `patient`: only cases of this number; "": all."""

    patient: str = ""


class Records:
    """`charges`: a case's lines of bills. `demo`: also cases that are only for trying, labelled as such."""

    def __init__(
        self,
        desk: Desk,
        names: Callable[[], Mapping[str, str]],
        charges: Callable[[str], Sequence[Charge]] = lambda _: (),
        *,
        demo: bool = False,
    ) -> None:
        self.desk = desk
        self.zone = desk.clock.zone
        self._names = names
        self._charges = charges
        self._demo = demo
        self._made: OrderedDict[tuple[str, int, str], Sequence[Resource]] = OrderedDict()
        self._named: tuple[int, Mapping[str, str]] = (-NAMED_US, {})
        self._lock = Lock()

    def case(self, key: str, sight: Sight) -> Source | None:
        """The case of a key, also one that was opened by mistake; None: there is none that may be seen."""
        case = case_named(key, self.desk.trail) if key else None
        if case is None:
            return None
        try:
            found = self.source(case)
        except Unknown:
            return None
        return found if self.shows(found, sight) else None

    def shows(self, source: Source, sight: Sight) -> bool:
        """Whether a case may be seen; also one that was opened by mistake, of which nothing is there but that."""
        return (self._demo or not source.case.is_test) and sight.patient in {"", source.case.patient.number}

    def named(self, kind: str, id_: str, sight: Sight) -> Resource | None:
        """A resource of any case. Of a case that was opened by mistake: that it was none."""
        whole = kind in {"Patient", "Encounter"}
        source = self.case(id_ if whole else key_of(id_), sight)
        if source is None:
            return None
        if source.case.state == "discarded":
            return void(source) if kind == "Encounter" else None
        return self.find(source, kind, id_)

    def source(self, case: str) -> Source:
        """Raises Unknown."""
        found = self.desk.case(case)
        return Source(
            case=found,
            zone=self.zone,
            template=self.desk.template,
            names=self._people(),
            charges=lambda: self._charges(case),
        )

    def rows(
        self, since_us: int | None, until_us: int | None, changed_us: int | None, sight: Sight
    ) -> tuple[Sequence[CaseRow], bool]:
        """The newest cases that may be seen, were there or changed in a time and since another; are there more?"""
        trail = self.desk.trail
        recent = since_us is None and until_us is None and changed_us is None
        since = self.desk.clock.now_us() - RECENT_US if recent else since_us
        after = 0 if changed_us is None else trail.before(changed_us)
        asked = partial(trail.rows, until_us=until_us, number=sight.patient, limit=MOST + 1)
        found = asked(since_us=since, after=after)
        if since is not None:  # what was charted or signed after the case's end
            found = _newest([*found, *asked(after=max(after, trail.before(since)))])
        return [row for row in found[:MOST] if self._seen(row, sight)], len(found) > MOST

    def of_number(self, number: str, sight: Sight, limit: int) -> Sequence[CaseRow]:
        """Cases of a patient's number that may be seen, newest first."""
        found = self.desk.trail.rows(number=number, limit=limit) if number else []
        return [row for row in found if self._seen(row, sight)]

    def resources(self, source: Source, kind: str) -> Sequence[Resource]:
        """In order of time."""
        if source.case.state == "discarded":
            return []
        key = (source.case.id, source.case.last, kind)
        with self._lock:
            known = self._made.get(key)
        if known is not None and kind != "ChargeItem":
            return known
        made = in_order(KINDS[kind].of(source))
        with self._lock:
            self._made[key] = made
            while len(self._made) > 1 and sum(map(len, self._made.values())) > _CACHED:
                self._made.popitem(last=False)
        return made

    def find(self, source: Source, kind: str, id_: str) -> Resource | None:
        return next((each for each in self.resources(source, kind) if each.id == id_), None)

    def _people(self) -> Mapping[str, str]:
        now_us = self.desk.clock.now_us()
        read_us, names = self._named
        if not 0 <= now_us - read_us < NAMED_US:
            names = self._names()
            self._named = now_us, names
        return names

    def _seen(self, row: CaseRow, sight: Sight) -> bool:
        return row.state != "discarded" and (self._demo or not row.is_test) and sight.patient in {"", row.number}


def _newest(rows: Iterable[CaseRow]) -> Sequence[CaseRow]:
    """Each once, in the order in which the trail has them."""
    return sorted({row.case: row for row in rows}.values(), key=lambda row: (-row.opened_us, row.case))


def place_of(resource: Resource) -> tuple[int, str]:
    """By which the resources of a case are in order."""
    return (resource.span_us[0] if resource.span_us else 0, resource.id)


def in_order(found: Iterable[Resource]) -> Sequence[Resource]:
    return sorted(found, key=place_of)
