"""When a device last changed what it tells of its patient: what it measured before may be another's. Pure."""

from collections.abc import Iterable, Mapping

from collector.model import Identity, PatientIdentity

Told = tuple[str, frozenset[str]]
"""A name and the ids, without who nothing is told of but his state."""


def changed_us(told: Iterable[Identity]) -> Mapping[str, int]:
    """Device → the time of its last change of name or ids, µs since 1970 UTC; that it told of nobody counts.

    `told` in order of time. Devices that never told of anybody have none.
    """
    last: dict[str, Told] = {}
    found: dict[str, int] = {}
    for one in told:
        if isinstance(one.identity, PatientIdentity):
            who = _who(one.identity)
            if who != last.get(one.device, _NOBODY):
                found[one.device] = one.time_us
            last[one.device] = who
    return found


_NOBODY: Told = ("", frozenset())


def _who(patient: PatientIdentity) -> Told:
    return patient.name, frozenset(filter(None, map(str.strip, patient.ids.values())))
