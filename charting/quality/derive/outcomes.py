"""What is found out afterwards: by findings, else by visits (clinical.md §1.1 no. 16, 21 to 24).

A finding outranks a visit. Of several visits a yes is never lost, else the last one stands.
"""

import math
from collections.abc import Iterator, Mapping

from charting.case.clock import HOUR_US
from charting.case.state import Document
from charting.quality.derive.told import Told, answer, answered_us, hours
from charting.quality.facts import Three

LASTING_US = 72 * HOUR_US
"""AQI-22, AQI-23: what is still there then."""
_DAY_H = 24.0
_YES_NO: Mapping[str, Three] = {"yes": True, "no": False}


def awareness(told: Told) -> Three:
    """Explicit recall (AQI-16). Suspected is unknown."""
    return _stated(told, "awareness", _last(_YES_NO.get(str(a)) for a in _visits(told, "awareness")))


def nerve(told: Told) -> Three:
    """For more than 72 h after the anaesthetic (AQI-22)."""
    return _stated(told, "nerve_injury", _lasting(told, "nerve_72", told.ended_us))


def hoarse(told: Told) -> Three:
    """Not gone 72 h after the last extubation (AQI-23)."""
    out = [e.at_us for e in told.events.get("t_tube_out", ())]
    return _stated(told, "hoarseness", _lasting(told, "hoarseness_72", max(out, default=told.ended_us)))


def coma(told: Told) -> Three:
    """Who was awake or drowsy at a visit is in none; of who was not, what is said after 24 h (AQI-24)."""
    return _stated(told, "coma", _last(_coma_by(told, d) for d in told.visits if _tells_of_coma(d)))


def _tells_of_coma(document: Document) -> bool:
    return answer(document, "consciousness") is not None or answer(document, "coma_24") is not None


def _coma_by(told: Told, document: Document) -> Three:
    said = str(answer(document, "coma_24"))
    if said in _YES_NO and hours(told.ended_us, answered_us(document, "visit_time")) >= _DAY_H:
        return _YES_NO[said]
    return False if answer(document, "consciousness") in {"awake", "drowsy"} else None


def central_line_harm(told: Told) -> Three:
    return _stated(told, "central_line_harm", None)


def analgesia(told: Told) -> Three:
    """Anaesthesia ran it: it keeps a follow-up record, or he left the PACU with a pump."""
    pump = told.answers("pacu_record", "analgesia_pump")
    return bool(told.documents("analgesia_followup")) or "yes" in pump


def vas(told: Told) -> float:
    """At rest: that of 24 h after, else the last that was told; nan: none was (AQI-21)."""
    said: list[tuple[bool, float, float]] = []
    for document in told.documents("analgesia_followup"):
        for n in (2, 6, 24, 48):
            value = answer(document, f"vas_rest_{n}")
            if isinstance(value, (int, float)):
                said.append((n == _DAY_H, float(n), float(value)))
    for document in told.visits:
        value, at_us = answer(document, "vas_rest"), answered_us(document, "visit_time")
        if isinstance(value, (int, float)):
            after_h = hours(told.ended_us, at_us)
            said.append((False, _DAY_H if math.isnan(after_h) else after_h, float(value)))
    return max(said, default=(False, 0.0, float("nan")))[2]


def _stated(told: Told, key: str, otherwise: Three) -> Three:
    finding = told.findings.get(key)
    return otherwise if finding is None else finding.value == "yes"


def _visits(told: Told, field: str) -> Iterator[object]:
    yield from (said for d in told.visits if (said := answer(d, field)) is not None)


def _last(answers: Iterator[Three]) -> Three:
    said = list(answers)
    return True if True in said else said[-1] if said else None


def _lasting(told: Told, field: str, since_us: int | None) -> Three:
    """What is not known to be said after the 72 h is no answer yet: it may pass, or begin (§7)."""
    found: list[Three] = []
    for document in told.visits:
        said = answer(document, field)
        at_us = answered_us(document, "visit_time_72" if document.template == "postop_visit" else "visit_time")
        late = at_us is not None and since_us is not None and at_us - since_us >= LASTING_US
        if said is not None:
            found.append(_YES_NO.get(str(said)) if late else None)
    return _last(iter(found))
