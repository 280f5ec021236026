"""What all messages of ours to the hospital have in common: who speaks to whom, of whom, where, and when. Pure.

Fact sheets ihe-pcd §2, hl7-adt-billing §1, §6. Numbers of a patient and of his visit go with our site's assigning
authority, a bed by the hospital's own name of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from charting.case.clock import local
from charting.outbox.config import Destination
from charting.outbox.parcel import Parcel
from charting.trail.contents import Patient
from collector.hl7 import times
from collector.hl7.message import CHARSETS, compose, escape, write

Segment = Sequence[str]

LOCAL = "99VITALSD"
"""The coding system of words that are ours (HL7 table 0396: 99zzz)."""
PRODUCTION, TRYING = "P", "D"
"""MSH-11. D: nothing of it may be charted."""
_SEXES = {"male": "M", "female": "F", "other": "O"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """We. `zone`: the site's, an IANA name; `place`: a bed of ours → PV1-3, as composed ("": not known there).

    `id_type`: PID-3.5 of the patient's number, as the hospital has it.
    """

    application: str
    facility: str
    authority: str
    zone: str
    place: Callable[[str], str]
    id_type: str = "MR"

    def time(self, at_us: int) -> str:
        """With milliseconds, in the site's zone, and saying so."""
        offset = local(at_us, self.zone).utcoffset()
        return times.write(at_us, 0 if offset is None else int(offset.total_seconds()) // 60)

    def entity(self, id_: str) -> str:
        """An id that we have made, as EI."""
        return compose(id_, self.application)

    def numbered(self, number: str, kind: str) -> str:
        """A number that the hospital has given, as CX. `kind`: MR of a patient, VN of a visit."""
        return compose(number, "", "", self.authority, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A message type: MSH-9, the version of HL7 and, where there is one, the profile (MSH-21).

    `committed`: whoever gets it says that it is kept safely (enhanced mode, CA); else that it was processed (AA).
    """

    type: str
    version: str = "2.6"
    profile: str = ""
    committed: bool = False

    @property
    def trigger(self) -> str:
        return self.type.split("^")[1]


def control(key: str) -> str:
    """MSH-10: 20 characters that follow from what the message is: it is the same one however often it is made."""
    return sha256(key.encode()).hexdigest()[:20].upper()


def parcel(
    sender: Sender,
    to: Destination,
    kind: Kind,
    segments: Sequence[Segment],
    *,
    key: str,
    at_us: int,
    trying: bool,
    lane: str,
    case: str = "",
    until_us: int | None = None,
) -> Parcel:
    """A message as it leaves, in the destination's character set. `segments`: all but MSH."""
    header = [
        "MSH",
        escape(sender.application),
        escape(sender.facility),
        escape(to.application),
        escape(to.facility),
        sender.time(at_us),
        "",
        kind.type,
        control(key),
        TRYING if trying else PRODUCTION,
        kind.version,
        "",
        "",
        *(("AL", "NE") if kind.committed else ("", "")),
        "CHN",
        to.charset,
        "",
        "",
        kind.profile,
    ]
    return Parcel(
        key=key,
        to=to.name,
        kind="^".join(kind.type.split("^")[:2]),
        body=write([header, *segments], CHARSETS[to.charset]),
        control=control(key),
        lane=lane,
        case=case,
        until_us=until_us,
    )


def event(sender: Sender, kind: Kind, recorded_us: int, occurred_us: int | None = None, reason: str = "") -> Segment:
    """EVN: when it was recorded and, where told, when it was."""
    occurred = "" if occurred_us is None else sender.time(occurred_us)
    return ["EVN", kind.trigger, sender.time(recorded_us), "", escape(reason), "", occurred]


def patient(sender: Sender, who: Patient) -> Segment:
    """PID. Empty fields leave what the hospital knows as it is."""
    return [
        "PID",
        "",
        "",
        sender.numbered(who.number, sender.id_type),
        "",
        name(who),
        "",
        who.birth_date.replace("-", ""),
        _SEXES.get(who.sex, ""),
    ]


def name(who: Patient) -> str:
    """XPN: as he is written; U where that is not known."""
    return compose(who.name, "", "", "", "", "", "L" if who.name else "U")


def nobody(sender: Sender) -> Segment:
    """PID where it is not known who the patient is: where he lies is told alone (fact sheet ihe-pcd §2)."""
    return ["PID", "", "", sender.numbered("", sender.id_type), "", name(Patient())]


def visit(sender: Sender, who: Patient, bed: str) -> Segment:
    """PV1. `bed`: ours; "" says nothing of where he is."""
    number = sender.numbered(who.visit, "VN") if who.visit else ""
    return ["PV1", "", "I", sender.place(bed) if bed else "", *("" for _ in range(15)), number]
