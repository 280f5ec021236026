"""Whether he lived (clinical.md §1.1 no. 25, §1.2 no. 10)."""

from collections.abc import Iterator

from charting.quality.derive.told import Told, answer, answered_us, hours
from charting.quality.facts import Three


def died(told: Told, asa: str, since_us: int | None) -> Three:
    """No: known to have lived 24 h after a time (the anaesthetic's end, or its start): by a finding, or by whatever was
    seen of him later.

    Unknown where that and a death contradict each other, or the death is said to lie before the anaesthetic; but a
    donor (ASA 6) was dead before, and did not die of it.
    """
    ended_us, death_us = told.ended_us, told.at("t_death")
    finding = told.findings.get("alive")
    lived = finding is not None and finding.value == "yes"
    gone = finding is not None and finding.value == "no"
    if death_us is not None:
        start_us = told.at("t_anes_start")
        if start_us is not None and death_us < start_us:
            return False if asa == "6" else None
        return None if lived and hours(ended_us, death_us) <= 24 else True
    if gone or any(answer(d, "condition") == "dead" for d in told.visits):
        return None if lived else True
    return False if lived or any(hours(since_us, at_us) >= 24 for at_us in _seen_alive(told)) else None


def died_h(told: Told, since_us: int | None) -> float:
    """Death after a time, h (AQI-25 counts from the end of the anaesthetic, edition 2015 from its start).

    nan where it is not known, or is said to lie before the anaesthetic.
    """
    death_us, start_us = told.at("t_death"), told.at("t_anes_start")
    if death_us is None or start_us is None or death_us < start_us:
        return float("nan")
    return hours(since_us, death_us)


def _seen_alive(told: Told) -> Iterator[int]:
    """Times at which somebody has seen him: events of his stay, and visits."""
    for key in ("t_ward", "t_icu_in", "t_tube_out", "t_pacu_out"):
        yield from (e.at_us for e in told.events.get(key, ()))
    for document in told.visits:
        alive = answer(document, "condition") not in {None, "dead"}
        late = answer(document, "nerve_72") in {"yes", "no"} or answer(document, "hoarseness_72") in {"yes", "no"}
        for field, there in (("visit_time", alive), ("visit_time_72", late)):
            at_us = answered_us(document, field)
            if there and at_us is not None:
                yield at_us
    for document in told.documents("analgesia_followup"):
        for n in (2, 6, 24, 48):
            at_us = answered_us(document, f"time_{n}")
            if at_us is not None and answer(document, f"vas_rest_{n}") is not None:
                yield at_us
