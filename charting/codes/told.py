"""What a mapping does with the codes that can be chosen today: for those who look after the libraries. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from charting.codes.mapping import Crosswalk
from charting.library.library import Libraries
from charting.trail.contents import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A term that leads to several: a person has to choose."""

    term: Term
    targets: Sequence[Term]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`single`: how many terms lead to one. `unmapped` lead to none. `retired`: codes of the mapping that can be chosen
    no longer. `unknown`: targets that their library does not have.
    """

    source: str
    target: str
    version: str
    single: int
    choices: Sequence[Choice]
    unmapped: Sequence[Term]
    retired: Sequence[str]
    unknown: Sequence[str]


def told(crosswalk: Crosswalk, libraries: Libraries, day: str) -> Told:
    """Of an ISO day."""
    current = libraries.current(crosswalk.source)
    valid = [c.term for c in current.codings.values() if c.valid(day)] if current is not None else []
    led: list[tuple[Term, Sequence[Term]]] = []
    unknown: dict[str, None] = {}
    for term in valid:
        targets = []
        for code in crosswalk.targets(term.code, day):
            found = libraries.newest(crosswalk.target, code)
            if found is None:
                unknown[code] = None
            else:
                targets.append(found.term)
        led.append((term, targets))
    there = {term.code for term in valid}
    return Told(
        source=crosswalk.source,
        target=crosswalk.target,
        version=crosswalk.version,
        single=sum(len(targets) == 1 for _, targets in led),
        choices=[Choice(term=term, targets=targets) for term, targets in led if len(targets) > 1],
        unmapped=[term for term, targets in led if not targets],
        retired=[code for code in crosswalk.rows if code not in there],
        unknown=list(unknown),
    )
