"""Whether a device speaks of the case's patient. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from charting.case.state import Case
from charting.fill.plan import Spans
from charting.fill.types import Cause, Gap
from charting.trail.contents import Patient
from charting.trail.entries import DeviceHeld
from collector.model import Identity, PatientIdentity

_GONE = frozenset({"empty", "discharged"})
"""States of a monitor that has no patient (PatientIdentity.state)."""


def differing(
    case: Case, told: Iterable[Identity], bed: str, start_us: int, end_us: int | None = None
) -> Sequence[DeviceHeld]:
    """What devices at the bed of the patient, there from start to end (None: still), say of another patient's id or
    name, and no hold nor judgement knows yet; and when one of which there is a hold says this patient again.

    `told` in order of time. What a device said before the patient came counts unless it has said otherwise since.
    Nothing differs from a case whose patient nobody knows yet.
    """
    found: list[DeviceHeld] = []
    for device, said in _statements(told, start_us, end_us).items():
        last_us = said[-1][0]
        for time_us, who in said:
            words = _said(who)
            stale = time_us <= start_us and time_us != last_us
            from_us = max(time_us, start_us)
            if stale or not words:
                continue
            own = case.is_same(device, words) or not _differs(case.identities, who)
            before = _last([*case.holds, *found], bed, device, from_us)
            if not own if before is None else before.told != words and not (own and before.own):
                found.append(DeviceHeld(device=device, told=words, from_us=from_us, bed=bed, own=own))
    return found


def spans(case: Case, bed: str) -> Mapping[str, Spans]:
    """Device at a bed → when it is not to be charted: from each hold to its next, but for those judged to be this
    patient. That it says this patient again ends a hold that has been judged. None: still.
    """
    found: dict[str, list[tuple[int, int | None]]] = {}
    for device in {held.device for held in case.holds}:
        told = sorted((h for h in case.holds if h.device == device and h.bed in ("", bed)), key=lambda h: h.from_us)
        for n, held in enumerate(told):
            if held.own or case.is_same(device, held.told):
                continue
            judged = case.is_judged(device, held.told)
            end_us = next((later.from_us for later in told[n + 1 :] if judged or not later.own), None)
            found.setdefault(device, []).append((held.from_us, end_us))
    return {device: tuple(held) for device, held in sorted(found.items())}


def _statements(
    told: Iterable[Identity], start_us: int, end_us: int | None
) -> Mapping[str, Sequence[tuple[int, PatientIdentity]]]:
    """By device what it said of its patient when he came, and since."""
    found: dict[str, list[tuple[int, PatientIdentity]]] = {}
    for identity in told:
        if isinstance(identity.identity, PatientIdentity) and (end_us is None or identity.time_us < end_us):
            own = found.setdefault(identity.device, [])
            if identity.time_us <= start_us:
                own.clear()
            own.append((identity.time_us, identity.identity))
    return found


def _last(holds: Iterable[DeviceHeld], bed: str, device: str, time_us: int) -> DeviceHeld | None:
    """The last hold of a device until then."""
    before = [h for h in holds if h.device == device and h.bed in ("", bed) and h.from_us <= time_us]
    return max(before, key=lambda h: h.from_us) if before else None


def without_patient(told: Iterable[Identity], start_us: int, end_us: int) -> Sequence[tuple[int, int, str]]:
    """When every monitor that tells of patients said that it has none: start, end, its word."""
    states: dict[str, str] = {}
    found: list[tuple[int, int, str]] = []
    since: tuple[int, str] | None = None
    for identity in told:
        if not isinstance(identity.identity, PatientIdentity) or not identity.identity.state:
            continue
        states[identity.device] = identity.identity.state
        empty = all(state in _GONE for state in states.values())
        if empty and since is None:
            since = identity.time_us, identity.identity.state
        elif not empty and since is not None:
            found.append((since[0], identity.time_us, since[1]))
            since = None
    if since is not None:
        found.append((since[0], end_us, since[1]))
    return [(max(a, start_us), min(b, end_us), word) for a, b, word in found if a < end_us and b > start_us]


def explained(gaps: Sequence[Gap], empty: Sequence[tuple[int, int, str]]) -> tuple[Gap, ...]:
    """Gaps with an uncertain cause, wholly within a time without a patient, for that reason."""
    found = []
    for gap in gaps:
        word = next((w for a, b, w in empty if a <= gap.start_us and gap.end_us <= b), None)
        if word is not None and not gap.certain:
            gap = Gap(  # noqa: PLW2901  the same gap, explained
                signal=gap.signal, start_us=gap.start_us, end_us=gap.end_us, cause=Cause.NO_PATIENT,
                evidence=f"the monitor said: {word}",
            )  # fmt: skip
        found.append(gap)
    return tuple(found)


def _said(who: PatientIdentity) -> Mapping[str, str]:
    """What tells the patient: ids, else the name."""
    ids = {word: id_.strip() for word, id_ in who.ids.items() if id_.strip()}
    return ids or ({"name": who.name} if who.name else {})


def _differs(known: Sequence[Patient], who: PatientIdentity) -> bool:
    numbers = {_plain(text) for p in known for text in (p.number, p.visit, p.temporary) if text}
    said = {_plain(id_) for id_ in who.ids.values() if id_.strip()}
    if said:
        return bool(numbers) and not said & numbers
    names = {frozenset(_words(p.name)) for p in known if p.name}
    name = frozenset(_words(f"{who.family} {who.given}"))
    alike = {n for n in names if all(w.isascii() for w in n) == all(w.isascii() for w in name)}
    return bool(alike) and name not in alike  # 王 and Wang cannot be compared


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _words(name: str) -> list[str]:
    """A name's words in whatever order; one in Chinese is a single word."""
    if not name.isascii():
        return ["".join(name.split())]
    return name.replace(",", " ").replace("^", " ").casefold().split()
