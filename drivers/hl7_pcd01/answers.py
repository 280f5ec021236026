"""What is answered: that a message is kept, that it cannot be read, and that a patient asked for is not known here.

Source: fact sheets ihe-pcd §3 rule 5, mindray-and-chinese-hl7 §3. A bed has no list of patients: to say so at once is
what the sheet has for each dialect, and leaves the monitor to its operator.
"""

import re

from collector.hl7 import acks
from collector.hl7.message import Message, escape, write

UNSUPPORTED = "200^Unsupported message type^HL70357"
NOT_FOUND = "patient not found"
QUERIES = frozenset({"QBP", "QRY"})

SENDS = re.compile(
    rb"(?:\x0bMSH\|\^~\\&\|[^\r\x0b\x1c]*\|"
    rb"(?:ACK(?:\^[^\r\x0b\x1c]*)?|RSP\^ZV2\^RSP_ZV2|ADR\^A19\^ADR_A19|ORF\^R04\^ORF_R04)\|[^\r\x0b\x1c]*\r"
    rb"MSA\|(?:CA|CR|AA|AE|AR)\|[^\x0b\x1c]*\x1c\r)*"
)
"""Acknowledgements, and answers to queries that name no patient. Fields are not counted: in GB18030 a delimiter's byte
may be the second of a character."""


def acknowledge(message: Message, code: str = acks.ACCEPTED) -> bytes:
    """The acknowledgement that the message asks for, without frame; b"" where it asks for none or has no id."""
    wanted = acks.wanted(message, code)
    if not wanted or not message.control_id:
        return b""
    error = UNSUPPORTED if code == acks.COMMIT_REJECTED else ""
    return acks.acknowledgement(message, wanted, control_id=_id(message), error=error)


def not_found(message: Message) -> bytes:
    """The answer to a query for a patient, in its dialect; b"" for a query of another kind or without an id."""
    if not message.control_id:
        return b""
    control_id = escape(message.control_id)
    match message.type, message.trigger:
        case "QBP", "ZV1":
            query = message.first("QPD")
            tag, name = query.standard(2), query.standard(1)
            return _answer(
                message,
                "RSP^ZV2^RSP_ZV2",
                ["MSA", "AA", control_id],
                ["QAK", tag, "NF", name, "0", "0", "0"],
                _echo(message, "QPD"),
            )
        case "QRY", "A19":
            return _answer(message, "ADR^A19^ADR_A19", ["MSA", "AA", control_id, NOT_FOUND], _echo(message, "QRD"))
        case "QRY", "R02":
            return _answer(
                message,
                "ORF^R04^ORF_R04",
                ["MSA", "AE", control_id, NOT_FOUND],
                _echo(message, "QRD"),
                _echo(message, "QRF"),
            )
    return b""


def _answer(message: Message, kind: str, *segments: list[str]) -> bytes:
    header = acks.reply_header(message, kind, control_id=_id(message))
    return write([header, *(segment for segment in segments if segment)], message.charset)


def _echo(message: Message, name: str) -> list[str]:
    """A segment of the query again."""
    segment = message.first(name)
    return [name, *(segment.standard(n) for n in range(1, len(segment.fields)))] if name in message else []


def _id(message: Message) -> str:
    """Ours: one message has one answer."""
    return f"A{message.control_id}"
