"""HL7 v2: what each trigger that comes in does, how it is acknowledged, and an example of each message that leaves."""

from collections.abc import Mapping

from charting.charges.examples import examples as bills
from charting.inbox.hl7_bookings import ORDERS, SIU
from charting.inbox.hl7_events import ADT
from charting.results.examples import examples as results
from collector.hl7 import acks
from collector.hl7.message import parse
from tools.manuals.parts.tables import code, table
from tools.manuals.words import Words

_MODES = (("", ""), ("AL", "NE"), ("ER", "NE"), ("SU", "NE"), ("NE", "NE"), ("", "AL"))
"""MSH-15 and MSH-16."""


def heard(words: Words) -> str:
    """A row for each kind of event: the messages that tell it, and what is done."""
    told: dict[str, list[str]] = {}
    for trigger, kind in ADT.items():
        told.setdefault(kind, []).append(f"ADT^{trigger}")
    for trigger, kind in SIU.items():
        told.setdefault(kind, []).append(f"SIU^{trigger}")
    for control, kind in ORDERS.items():
        told.setdefault(kind, []).append(f"ORM, OMG: ORC-1 {control}")
    rows = [[code(kind), ", ".join(map(code, messages)), words(f"hears.{kind}")] for kind, messages in told.items()]
    return table([words("hl7.kind"), words("hl7.messages"), words("hl7.what")], rows)


def acknowledged(words: Words) -> str:
    """A row for each mode that a message may ask for: MSA-1 when it is kept, and when another one has its id."""
    rows = [
        [code(accept) or "–", code(application) or "–", *(_wanted(accept, application, said, words) for said in
                                                         (acks.ACCEPTED, acks.COMMIT_ERROR))]
        for accept, application in _MODES
    ]  # fmt: skip
    return table(["MSH-15", "MSH-16", words("hl7.kept"), words("hl7.other")], rows)


def _wanted(accept: str, application: str, said: str, words: Words) -> str:
    message = parse(f"MSH|^~\\&|A|B|C|D|||ADT^A01|1|P|2.5|||{accept}|{application}".encode(), "utf-8")
    return code(acks.wanted(message, said)) or words("hl7.no_answer")


def told(words: Words) -> str:
    """A section for each message: when it is sent, and one."""
    found: Mapping[str, bytes] = {**results(), **{name.removesuffix(".hl7"): body for name, body in bills().items()}}
    return "\n".join(
        f"### {words(f'told.{name}.name')}\n\n{words(f'told.{name}')}\n\n```text\n{_lines(body)}\n```\n"
        for name, body in found.items()
    )


def _lines(body: bytes) -> str:
    """A segment a line."""
    return "\n".join(body.decode().rstrip("\r").split("\r"))
