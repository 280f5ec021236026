"""People who do not exist, as a hospital's information system writes of them: HL7 v2.5. Pure.

Fact sheet hl7-adt-billing §1, §2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from collector.hl7.message import compose, escape, write
from collector.hl7.times import write as write_time

Segment = Sequence[str]
_CHINA_MIN = 8 * 60
_PV1_19 = 12
"""Fields between PV1-6 and PV1-19."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`number`: of the patient, `visit`: of his stay. `family`, `given`: in Chinese. `sex`: M, F; `born`: YYYYMMDD."""

    number: str
    visit: str
    family: str
    given: str
    sex: str
    born: str
    allergy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`id`: the scheduler's. `code`, `name`: of the procedure; `diagnosis`, `disease`: why. `room`: point^room^bed."""

    id: str
    person: Person
    code: str
    name: str
    diagnosis: str
    disease: str
    room: str
    start_us: int
    minutes: int
    surgeon: str
    anaesthetist: str
    urgent: bool = False


@dataclass
class Writer:
    """Messages of one system, each with a number of its own. `charset`, `codec`: MSH-18 and how it is written.

    `processing`: MSH-11; `prefix`: of MSH-10, another one for each run: a number is never used again.
    """

    prefix: str
    charset: str = "GB 18030-2000"
    codec: str = "gb18030"
    processing: str = "P"
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def admission(self, trigger: str, person: Person, at_us: int, *, place: str, prior: str = "") -> bytes:
        """An ADT event at a place."""
        allergies = [["AL1", "1", "DA", compose("", person.allergy)]] if person.allergy else []
        return self._write(f"ADT^{trigger}", at_us, [_evn(at_us), _pid(person), _pv1(person, place, prior), *allergies])

    def merge(self, stays: Person, goes: str, at_us: int) -> bytes:
        """A40: the number that goes is of the same patient."""
        mrg = ["MRG", f"{escape(goes)}^^^HIS^MR"]
        return self._write("ADT^A40", at_us, [_evn(at_us), _pid(stays), mrg])

    def schedule(self, trigger: str, planned: Operation, at_us: int, *, ward: str) -> bytes:
        """An SIU event of the operation list. `ward`: where the patient lies."""
        start, minutes = _time(planned.start_us), str(planned.minutes)
        sch = ["SCH", f"{escape(planned.id)}^HIS", f"{escape(planned.id)}^HIS", "", "", "", "",
               "", "EMERGENCY" if planned.urgent else "ROUTINE", minutes, "min^minute^UCUM", f"^^^{start}"]  # fmt: skip
        people = [(planned.surgeon, "主刀医师"), (planned.anaesthetist, "麻醉医师")]
        return self._write(
            f"SIU^{trigger}",
            at_us,
            [
                sch,
                _pid(planned.person),
                _pv1(planned.person, ward, ""),
                ["DG1", "1", "", compose(planned.diagnosis, planned.disease, "ICD10")],
                ["RGS", "1", "A"],
                ["AIS", "1", "A", compose(planned.code, planned.name, "ICD9CM3"), start, "", "", minutes, "min^^UCUM"],
                ["AIL", "1", "A", planned.room],
                *(["AIP", str(n), "A", compose("", name), escape(role)] for n, (name, role) in enumerate(people, 1)),
            ],
        )  # fmt: skip

    def _write(self, kind: str, at_us: int, segments: Sequence[Segment]) -> bytes:
        header = ["MSH", "HIS", "HOSPITAL", "VITALSD", "OR", _time(at_us), "", kind,
                  f"{self.prefix}-{next(self._numbers)}", self.processing, "2.5", "", "", "AL", "NE", "CHN",
                  self.charset]  # fmt: skip
        return write([header, *segments], self.codec)


def _time(at_us: int) -> str:
    return write_time(at_us, _CHINA_MIN)


def _evn(at_us: int) -> Segment:
    return ["EVN", "", _time(at_us), "", "", "", _time(at_us)]


def _pid(person: Person) -> Segment:
    name = f"{compose(person.family, person.given)}^^^^^L"
    return ["PID", "1", "", f"{escape(person.number)}^^^HIS^MR", "", name, "", person.born, person.sex]


def _pv1(person: Person, place: str, prior: str) -> Segment:
    return ["PV1", "1", "I", place, "", "", prior, *[""] * _PV1_19, f"{escape(person.visit)}^^^HIS^VN"]
