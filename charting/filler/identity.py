"""Whether a device speaks of the case's patient. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from charting.case.state import Case
from charting.fill.types import Cause, Gap
from charting.trail.contents import Patient
from charting.trail.entries import DeviceHeld
from collector.model import Identity, PatientIdentity

_GONE = frozenset({"empty", "discharged"})
"""States of a monitor that has no patient (PatientIdentity.state)."""


def differing(case: Case, told: Iterable[Identity], start_us: int) -> Sequence[DeviceHeld]:
    """Devices that now say another patient's id or name than the case's, and are neither held nor judged for it.

    `told` in order of time; `start_us`: since when the patient has been at the bed. Nothing differs from a case whose
    patient nobody knows yet.
    """
    last: dict[str, tuple[int, PatientIdentity]] = {}
    for identity in told:
        if isinstance(identity.identity, PatientIdentity):
            last[identity.device] = identity.time_us, identity.identity
    found = []
    for device, (time_us, who) in last.items():
        said = _said(who)
        judged = any(j.device == device and dict(j.told) == said and j.same for j in case.judged)
        known = device in case.held and dict(case.held[device].told) == said
        if said and not judged and not known and _differs(case.identities, who):
            from_us = max(time_us, start_us)
            if device in case.held:
                from_us = min(from_us, case.held[device].from_us)
            found.append(DeviceHeld(device=device, told=said, from_us=from_us))
    return found


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
    name = " ".join(filter(None, (who.family.strip(), who.given.strip())))
    return ids or ({"name": name} if name else {})


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
