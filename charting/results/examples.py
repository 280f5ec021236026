"""One made-up example of each message that the hospital is told by, for the interface reference."""

from collections.abc import Iterator, Mapping, Sequence

from alarms.board import Alarm, Presence
from alarms.pcd04 import report
from charting.case.state import Document, fold
from charting.codes.front_page import FrontPages
from charting.codes.mapping import Crosswalks
from charting.fill.types import Cell
from charting.library.library import Libraries
from charting.outbox.config import Destination
from charting.results.advisories import Advising
from charting.results.alarms import ALERT, rows
from charting.results.charted import Charting
from charting.results.coding import Coding
from charting.results.message import Sender, parcel, patient, visit
from charting.results.papers import Papers
from charting.results.telling import Compose
from charting.templates.loader import Templates
from charting.templates.template import Template
from charting.trail.contents import Attendance, Charted, Coded, Event, Patient, Score, Term
from charting.trail.entries import Advised, Body, Entry, Filled, Opened, Returned, Set, Signed, Started
from collector.model import AlarmCondition, AlarmPhase, AlarmType, Priority

AT_US = 1_767_225_600_000_000
"""2026-01-01 08:00 in Shanghai."""
MINUTE_US = 60_000_000
WHO = Patient(number="10023456", visit="2026001", name="张测试", sex="male", birth_date="1970-01-31")
SENDER = Sender(
    application="VITALSD", facility="OR", authority="HOSP", zone="Asia/Shanghai", place=lambda _: "OR^OR3^1^HOSP"
)
TO = Destination(
    name="emr", url="mllp://emr.example:2575", application="EMR", facility="HOSP",
    takes=("vitals", "alarms", "documents", "codes"),
)  # fmt: skip


def examples() -> Mapping[str, bytes]:
    """Name → message, without its frame, in UTF-8."""
    templates, libraries = Templates.load(), Libraries.sample()
    pages = FrontPages(libraries, Crosswalks.of(None), SENDER.zone)
    entries = list(_entries(libraries))

    def template(document: Document) -> Template:
        found = templates.get(document.template, document.template_version)
        if found is None:
            raise LookupError(document.template)
        return found

    def told(compose: Compose) -> Iterator[bytes]:
        for n, entry in enumerate(entries[1:], 1):
            for each in compose(entry, fold(entries[:n]), fold(entries[: n + 1])):
                yield each.body

    papers = Papers(SENDER, TO, template, lambda *_: b"%PDF-1.7 ...", lambda: {"zhang": "张医生"}, "zh", told=bool)
    offered = [f"codes/{TO.name}/0/codes"]
    named = {
        "vitals": (("raw", "corrected", "final"), Charting(SENDER, TO, template, stood=lambda _: None).compose),
        "advisory": (("start", "end"), Advising(SENDER, TO, "zh", 10 * MINUTE_US).compose),
        "document": (("new", "replacement", "cancelled"), papers.compose),
        "codes": (("offered", "taken_back"), Coding(SENDER, TO, pages.of, "zh", keys=lambda _: offered).compose),
    }
    found = {
        f"{what}_{name}": body
        for what, (names, compose) in named.items()
        for name, body in zip(names, told(compose), strict=True)
    }
    return {**found, "alarm_start": _alarm(ended=False), "alarm_end": _alarm(ended=True)}


def _entries(libraries: Libraries) -> Iterator[Entry]:
    for n, body in enumerate(_bodies(libraries), 1):
        yield Entry(seq=n, at_us=AT_US + n * MINUTE_US, actor="zhang", case="case-77", body=body)


def _bodies(libraries: Libraries) -> Sequence[Body]:
    def coded(item: str, use: str, library: str, code: str) -> Set:
        return Set(document="", item=item, after=0, content=Coded(use=use, term=_term(libraries, library, code)))

    def event(key: str, minute: int) -> Set:
        return Set(document="", item=key, after=0, content=Event(key=key, at_us=AT_US + minute * MINUTE_US))

    def signed(version: int, slot: str) -> Signed:
        return Signed(document="record-1", version=version, slot=slot, digest="")

    cells = (
        _cell("hr", 72.0, "/min", "MDC_ECG_HEART_RATE"),
        _cell("nibp_sys", 118.0, "mm[Hg]", "MDC_PRESS_BLD_NONINV_SYS", -2),
        _cell("temp", 36.4, "Cel", "MDC_TEMP_ESOPH", -1, site="oesophagus"),
    )
    corrected = Charted(signal="hr", mark_us=AT_US, time_us=AT_US, value=75.0, unit="/min")
    doctor = Attendance(role="anaesthetist", name="张医生", account="zhang", in_us=AT_US)
    score = Score(scale="NRS", at_us=AT_US, parts={"pain": 2}, total=2)
    said = {"since": "入室", "min": "31"}
    return [
        Opened(bed="OR-03", area="or", at_us=AT_US - 30 * MINUTE_US, patient=WHO),
        Started(document="record-1", template="anaesthesia_record", version="1.1.0", start_us=AT_US),
        coded("p1", "procedure", "procedures", "51.2300"),
        coded("t1", "technique", "techniques", "41"),
        coded("a1", "asa", "asa", "2"),
        coded("d1", "diagnosis_after", "diagnoses", "K80.2"),
        Set(document="", item="s1", after=0, content=doctor),
        *(event(key, 30 * n) for n, key in enumerate(("t_anes_start", "t_incision", "t_surg_end", "t_anes_end"))),
        Filled(document="record-1", since_us=AT_US, until_us=AT_US, cells=cells, gaps=(), excursions=()),
        Set(document="record-1", item=f"hr@{AT_US}", after=0, content=corrected, reason="diathermy"),
        Set(document="record-1", item="score-1", after=0, content=score),
        Advised(rule="TMP-NOSITE", phase="start", at_us=AT_US, said=said),
        Advised(rule="TMP-NOSITE", phase="end", at_us=AT_US + 20 * MINUTE_US, said={}),
        signed(1, "anaesthetist"),
        signed(1, "supervisor"),
        Returned(document="record-1", reason="术后诊断待核"),
    ]


def _cell(signal: str, value: float, unit: str, code: str, minute: int = 0, site: str = "") -> Cell:
    return Cell(
        signal=signal, mark_us=AT_US, time_us=AT_US + minute * MINUTE_US, value=value, unit=unit, code=code,
        device="monitor", site=site, filter="fill/1",
    )  # fmt: skip


def _term(libraries: Libraries, library: str, code: str) -> Term:
    found = libraries.named(library, code)
    if found is None:
        raise LookupError(f"{library} {code}")
    return found


def _alarm(*, ended: bool) -> bytes:
    condition = AlarmCondition(
        source="hr_low", type=AlarmType.PHYSIOLOGICAL, priority=Priority.MEDIUM, phase=AlarmPhase.START,
        code="MDC_ECG_HEART_RATE", text="HR 46 < 50",
    )  # fmt: skip
    begun = Alarm(
        bed="OR-03", device="monitor", alarm=condition, onset_us=AT_US, told_us=AT_US, presence=Presence.PRESENT,
        since_us=AT_US, highest=Priority.MEDIUM,
    )  # fmt: skip
    at_us = AT_US + (40_000_000 if ended else 0)
    over = Alarm(
        bed="OR-03", device="monitor", alarm=condition, onset_us=AT_US, told_us=at_us, presence=Presence.ENDED,
        since_us=at_us, highest=Priority.MEDIUM,
    )  # fmt: skip
    record = report(begun, over) if ended else report(None, begun)
    segments = [patient(SENDER, WHO), visit(SENDER, WHO, "OR-03"), *rows(SENDER, record, "monitor", at_us)]
    return parcel(
        SENDER, TO, ALERT, segments, key=f"alarm/{record.id}", at_us=at_us, trying=False, lane="", case="case-77"
    ).body
