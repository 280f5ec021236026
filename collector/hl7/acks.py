"""Acknowledgements of HL7 v2: which one a message asks for, and how it is written (HL7 2.6 §2.9)."""

from collections.abc import Sequence

from collector.hl7.message import Message, escape, write

ACCEPTED, COMMIT_ERROR, COMMIT_REJECTED = "CA", "CE", "CR"
"""Enhanced mode: an accept acknowledgement says that the message is kept safely."""
APPLICATION_ACCEPTED, APPLICATION_ERROR, APPLICATION_REJECTED = "AA", "AE", "AR"

_IN_ORIGINAL_MODE = {
    ACCEPTED: APPLICATION_ACCEPTED,
    COMMIT_ERROR: APPLICATION_ERROR,
    COMMIT_REJECTED: APPLICATION_REJECTED,
}


def wanted(message: Message, code: str = ACCEPTED) -> str:
    """The code for MSA-1 that says `code` (CA, CE or CR) in the mode of this message; "" where it wants no answer.

    Without MSH-15 and MSH-16 the mode is the original one, which always wants an answer (AA, AE, AR). MSH-15: AL
    always, NE never, ER where it went wrong, SU where it went well.
    """
    accept, application = (message.header.component(n).upper() for n in (15, 16))
    if not accept and not application:
        return _IN_ORIGINAL_MODE[code]
    ok = code == ACCEPTED
    if accept == "AL" or (accept == "SU" and ok) or (accept == "ER" and not ok):
        return code
    if not accept and (application == "AL" or (application == "SU" and ok) or (application == "ER" and not ok)):
        return _IN_ORIGINAL_MODE[code]
    return ""


def acknowledgement(
    message: Message,
    code: str,
    *,
    control_id: str,
    time: str = "",
    text: str = "",
    error: str = "",
    location: str = "",
    advice: str = "",
) -> bytes:
    """An ACK of `message`, without frame: sender and receiver changed about, MSA with `code` and the message's id.

    time: MSH-7 as written by times.write; where there is none, that of the message. text: MSA-3. error: ERR-3, a code
    of HL7 table 0357 as composed, with severity E; location: ERR-2 as composed; advice: ERR-8, for the sender's people.
    """
    trigger = escape(message.trigger)
    segments: list[Sequence[str]] = [
        reply_header(message, f"ACK^{trigger}^ACK" if trigger else "ACK", control_id=control_id, time=time),
        ["MSA", code, escape(message.control_id), escape(text)],
    ]
    if error:
        segments.append(["ERR", "", location, error, "E", "", "", "", escape(advice)])
    return write(segments, message.charset)


def reply_header(message: Message, kind: str, *, control_id: str, time: str = "") -> Sequence[str]:
    """The MSH of an answer to `message`, for `message.write`. kind: MSH-9 as composed."""
    header = message.header
    return [
        "MSH",
        *(header.standard(n) for n in (5, 6, 3, 4)),
        time or header.standard(7),
        "",
        kind,
        escape(control_id),
        header.standard(11) or "P",
        header.standard(12) or "2.6",
        *("" for _ in range(5)),
        header.standard(18),
    ]
