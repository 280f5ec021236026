"""What an HL7 acknowledgement says of the message that is under way (fact sheet hl7-adt-billing §6)."""

import re
from collections.abc import Iterator

from charting.outbox.wire import Answered, Refused
from collector.hl7.acks import ACCEPTED, APPLICATION_ACCEPTED
from collector.hl7.message import Message, MessageError, parse

_GOOD = frozenset({APPLICATION_ACCEPTED, ACCEPTED})
_BAD = frozenset({"AE", "AR", "CE", "CR"})
_OF_PATIENTS = ("PID", "PV1", "NK1", "MRG", "GT1", "IN1", "IN2")
_LONGEST = 200
_HIDDEN = "…"


def judged(answer: bytes, control: str, sent: bytes, charset: str) -> Answered | Refused | None:
    """What it says of the message with this MSH-10; None: it is no answer to that.

    Enhanced mode's accept (CA) is as good as AA: the receiver keeps the message.
    """
    try:
        message = parse(answer, charset)
    except MessageError:
        return None
    msa = message.first("MSA")
    code = msa.component(1).strip().upper()
    if msa.component(2) != control or code not in _GOOD | _BAD:
        return None
    if code in _GOOD:
        return Answered(answer=answer)
    return Refused(reason=" ".join(filter(None, (code, _told(message, sent, charset)))), answer=answer)


def _told(answer: Message, sent: bytes, charset: str) -> str:
    """Its error code (HL7 table 0357) and text, without what stands in the message's segments of the patient."""
    try:
        message = parse(sent, charset)
    except MessageError:
        return ""
    error = answer.first("ERR")
    text = error.component(8) or error.component(7) or answer.first("MSA").component(3) or error.component(3, 2)
    for value in sorted(set(_of_patient(message)), key=len, reverse=True):
        text = re.sub(_as_word(value), _HIDDEN, text)
    return " ".join(f"{error.component(3)} {text}".split())[:_LONGEST]


def _of_patient(message: Message) -> Iterator[str]:
    for segment in message:
        if segment.name in _OF_PATIENTS:
            for n in range(1, len(segment.fields)):
                for repetition in range(1, len(segment.repetitions(n)) + 1):
                    yield from (
                        part for part in segment.components(n, repetition) if len(part) > 1 or not part.isascii()
                    )


def _as_word(value: str) -> str:
    """Latin letters and digits only as a whole word; Chinese has none."""
    return rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])" if value.isascii() else re.escape(value)
