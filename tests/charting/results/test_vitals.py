"""PCD-01 of a record: the hand-written messages of a case that is filled, corrected and signed; read back by others."""

from dataclasses import replace

import pytest

from charting.fill.signals import signals
from charting.fill.types import Cell, CellState
from charting.outbox.following import MemoryCursors
from charting.results.message import control, parcel, patient, visit
from charting.results.values import Result
from charting.results.vitals import VITALS, Bundle, rows
from charting.trail.contents import Charted, Patient
from collector.errors import VitalsdError
from collector.hl7.mllp import frame
from collector.model import Observation, Quality
from drivers.hl7_pcd01.options import Options
from drivers.hl7_pcd01.session import Pcd01Session
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, BEN, HAL, MINUTE_US, RECORD, filled, mark
from tests.charting.results.hospital import SENDER, Hospital, destination, lines
from tests.oracles.hl7 import parsed

WANG = Patient(number="10023456", visit="2026001", name="王小明", sex="male", birth_date="1970-01-31")
OF_WANG = [
    "PID|||10023456^^^HOSP^MR||王小明^^^^^^L||19700131|M",
    "PV1||I|OR^OR1^1^HOSP||||||||||||||||2026001^^^HOSP^VN",
]
HR = "147842^MDC_ECG_HEART_RATE^MDC|1.1.1.13880"
SYS = "150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.1.1.62008"
DEVICE = "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||OR-1/monitor^VITALSD"
PER_MIN, MMHG = "264864^MDC_DIM_BEAT_PER_MIN^MDC", "266016^MDC_DIM_MMHG^MDC"


def cell(n: int, value: float | None, *, signal: str = "hr", **more: object) -> Cell:
    of = {
        "hr": ("/min", "MDC_ECG_HEART_RATE"),
        "nibp_sys": ("mm[Hg]", "MDC_PRESS_BLD_NONINV_SYS"),
        "temp": ("Cel", "MDC_TEMP_ESOPH"),
        "spo2": ("%", "MDC_PULS_OXIM_SAT_O2"),
    }
    unit, code = of[signal]
    state = CellState.EMPTY if value is None else CellState.CHARTED
    made = Cell(
        signal=signal, mark_us=mark(n), time_us=mark(n), value=value, unit=unit, state=state, code=code,
        device="monitor", filter="f1",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def begun(here: Hospital, patient: Patient = WANG, *, is_test: bool = False) -> str:
    case = here.desk.open(ANN, bed="OR-1", area="or", patient=patient, emergency=True, is_test=is_test)
    here.desk.start(ANN, case.id, template="anaesthesia_record", document=RECORD)
    return case.id


@pytest.fixture
def here(clock: Clock) -> Hospital:
    return Hospital(clock)


def test_a_case_that_is_filled_corrected_and_signed_gives_these_messages(here: Hospital, clock: Clock) -> None:
    telling, case = here.telling("vitals"), begun(here)
    here.look(telling)
    here.desk.fill(case, filled(cell(0, 72.0), cell(0, 118.0, signal="nibp_sys", time_us=mark(0) - 90_000_000)))
    here.desk.fill(case, filled(cell(1, 66.5), cell(2, None, signal="spo2", rule="spo2.dropped")))
    here.look(telling)
    clock.go(3600)
    said = Charted(signal="hr", mark_us=mark(1), time_us=mark(1), value=80.0, unit="/min")
    here.desk.set(ANN, case, document=RECORD, item=f"hr@{mark(1)}", after=0, content=said, reason="diathermy")
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.desk.sign(BEN, case, document=RECORD, slot="supervisor")
    here.look(telling)
    sent = here.sent(case)
    first, second, third, fourth = ([line for line in lines(each) if not line.startswith("OBR")] for each in sent)
    cuff = "|||{}|||20260101075830.000+0800"
    assert first == [
        *OF_WANG,
        DEVICE,
        f"OBX|2|NM|{HR}|72|{PER_MIN}|||||R",
        f"OBX|3|NM|{SYS}|118|{MMHG}||" + cuff.format("R"),
    ]
    assert second == [
        *OF_WANG,
        DEVICE,
        f"OBX|2|NM|{HR}|67|{PER_MIN}|||||R",
        DEVICE,
        "OBX|2||150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.50532||262688^MDC_DIM_PERCENT^MDC||INV|||X",
    ]
    assert third == [*OF_WANG, DEVICE, f"OBX|2|NM|{HR}|80|{PER_MIN}|||||C|||||ann"]
    assert fourth == [
        *OF_WANG,
        DEVICE,
        f"OBX|2|NM|{HR}|72|{PER_MIN}|||||F",
        f"OBX|3|NM|{SYS}|118|{MMHG}||" + cuff.format("F"),
    ]
    times = [line.split("|")[7] for each in sent for line in lines(each) if line.startswith("OBR")]
    assert times == [f"2026010108{minute}00.000+0800" for minute in ("00", "05", "10", "05", "00")]
    for each in sent:
        read = parsed(each.body)
        assert (read.type, read.control, read.version) == ("ORU^R01^ORU_R01", each.control, "2.6")
        assert (read.field("MSH", 11), read.field("MSH", 15), read.field("MSH", 16)) == ("P", "AL", "NE")
        assert read.text("MSH", 21) == "IHE_PCD_001"
    assert here.failed == []


def heard(*bodies: bytes) -> list[Observation]:
    """What our own driver of the same messages, which was written for other senders, hears of them."""
    session = Pcd01Session(Options())
    events = [event for body in bodies for event in session.receive(frame(body), 0.0)]
    return [event for event in events if isinstance(event, Observation)]


def test_our_own_consumer_hears_the_values_as_they_were_charted(here: Hospital) -> None:
    """Values as people round them: 66.5 is 67, 36.449 is 36.4, 0 % of a gas is 0.0."""
    telling, case = here.telling("vitals"), begun(here)
    here.look(telling)
    here.desk.fill(
        case,
        filled(
            cell(0, 66.5),
            cell(0, 36.449, signal="temp", time_us=mark(0) - MINUTE_US, site="oesophagus"),
            cell(0, 98.0, signal="spo2", rule="spo2.slope"),
            cell(1, None, signal="spo2", rule="spo2.dropped"),
            cell(1, 121.0, signal="nibp_sys", time_us=mark(1) - 200_000_000),
            replace(cell(2, 0.04), signal="sevo_et", unit="%", code="MDC_CONC_AWAY_SEVOFL_ET"),
        ),
    )
    here.look(telling)
    (sent,) = here.sent(case)
    assert [(o.channel.code, o.channel.unit, o.value, o.quality, o.channel.site) for o in heard(sent.body)] == [
        ("MDC_ECG_HEART_RATE", "/min", 67.0, Quality.VALID, ""),
        ("MDC_PULS_OXIM_SAT_O2", "%", 98.0, Quality.QUESTIONABLE, ""),
        ("MDC_TEMP_ESOPH", "Cel", 36.4, Quality.VALID, "oesophagus"),
        ("MDC_PULS_OXIM_SAT_O2", "%", None, Quality.INVALID, ""),
        ("MDC_PRESS_BLD_NONINV_SYS", "mm[Hg]", 121.0, Quality.VALID, ""),
        ("MDC_CONC_AWAY_SEVOFL_ET", "%", 0.0, Quality.VALID, ""),
    ]
    assert [o.device_time_us for o in heard(sent.body) if o.device_time_us] == [
        mark(0) - MINUTE_US,
        mark(1) - 200_000_000,
    ]
    assert not any(o.demo for o in heard(sent.body))


def test_every_row_of_the_record_can_be_read_back_with_its_unit() -> None:
    all_rows = [
        Result(
            signal=s.id, mark_us=mark(0), time_us=mark(0), text="12", unit=s.unit, status="R", refid=code, device="d"
        )
        for s in signals().values()
        for code in (s.codes[:1] if s.codes else ("",))
    ]
    bundle = Bundle(number="1", bed="OR-1", device="d", demo=True, results=all_rows)
    segments = [patient(SENDER, WANG), visit(SENDER, WANG, "OR-1"), *rows(SENDER, bundle, control("k"))]
    made = parcel(SENDER, destination(), VITALS, segments, key="k", at_us=mark(0), trying=True, lane="", case="")
    parsed(made.body)
    found = heard(made.body)
    assert [o.channel.unit for o in found] == [s.unit for s in signals().values()]
    assert len({o.channel.source for o in found}) == len(found)
    assert all(o.value == 12.0 and o.demo for o in found)
    unnamed = {"mac", "se", "re", "psupp_set"}
    codes = {s.id: o.channel.code for s, o in zip(signals().values(), found, strict=True)}
    assert {id_ for id_, code in codes.items() if code == "MDC_UNMAPPED"} == unnamed
    assert codes["rr"] == "MDC_CO2_RESP_RATE"


class DiedError(VitalsdError):
    pass


class Forgetful(MemoryCursors):
    """The process dies before it has kept how far it came."""

    dies = False

    def keep(self, name: str, seq: int) -> None:
        if self.dies:
            raise DiedError
        super().keep(name, seq)


def test_a_kill_between_outbox_and_cursor_sends_nothing_twice(clock: Clock) -> None:
    cursors = Forgetful()
    here = Hospital(clock, cursors=cursors)
    telling, case = here.telling("vitals"), begun(here)
    here.look(telling)
    here.desk.fill(case, filled(cell(0, 72.0)))
    cursors.dies = True
    with pytest.raises(DiedError):
        here.look(telling)
    cursors.dies = False
    before = here.sent(case)
    here.desk.fill(case, filled(cell(1, 73.0)))
    here.look(here.telling("vitals"))
    sent = here.sent(case)
    assert len(before) == 1
    assert sent[:1] == before
    assert [o.value for o in heard(*(each.body for each in sent))] == [72.0, 73.0]


def test_what_was_done_before_anybody_was_to_be_told_is_not_told(here: Hospital) -> None:
    case = begun(here)
    here.desk.fill(case, filled(cell(0, 72.0)))
    telling = here.telling("vitals")
    here.look(telling)
    here.desk.fill(case, filled(cell(1, 73.0)))
    here.look(telling)
    assert [o.value for each in here.sent(case) for o in heard(each.body)] == [73.0]


def test_of_what_was_there_before_a_merge_tells_nothing_and_a_correction_itself(here: Hospital, clock: Clock) -> None:
    case = begun(here)
    here.desk.fill(case, filled(*(cell(n, 70.0 + n) for n in range(3))))
    telling = here.telling("vitals")
    here.look(telling)
    here.desk.merge(ANN, case, patient=Patient(number="999"), reason="wrong patient")
    here.desk.void(ANN, case, document=RECORD, item=f"hr@{mark(0)}", after=0, reason="diathermy")
    here.look(telling)
    assert here.sent(case) == []
    for value, after in ((88.0, 0), (71.0, 1)):
        said = Charted(signal="hr", mark_us=mark(1), time_us=mark(1), value=value, unit="/min")
        here.desk.set(ANN, case, document=RECORD, item=f"hr@{mark(1)}", after=after, content=said, reason="diathermy")
    here.desk.merge(ANN, case, patient=WANG, reason="he is it")
    clock.go(60)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.desk.send_back(HAL, case, document=RECORD, reason="mend it")
    here.desk.discard(ANN, case, reason="opened by mistake")
    here.look(here.telling("vitals"))
    assert statuses(here, case) == [
        ("999", "F", "88"), ("999", "C", "71"), (WANG.number, "F", "71"), ("999", "D", ""), (WANG.number, "F", "72"),
        (WANG.number, "D", ""), (WANG.number, "D", ""),
    ]  # fmt: skip


def test_what_is_again_as_it_was_before_is_known_all_the_same(here: Hospital) -> None:
    case = begun(here)
    said = [Charted(signal="hr", mark_us=mark(0), time_us=mark(0), value=value, unit="/min") for value in (70, 75, 80)]
    for n, each in enumerate(said):
        item = f"hr@{mark(0)}"
        here.desk.set(ANN, case, document=RECORD, item=item, after=n, content=each, reason="diathermy" if n else "")
    telling = here.telling("vitals")
    here.look(telling)
    for n, each in enumerate((said[0], said[2]), 3):
        here.desk.set(ANN, case, document=RECORD, item=item, after=n, content=each, reason="diathermy")
    here.desk.void(ANN, case, document=RECORD, item=item, after=5, reason="diathermy")
    here.look(telling)
    assert [each[1:] for each in statuses(here, case)] == [("F", "70"), ("C", "80"), ("D", "")]


def statuses(here: Hospital, case: str) -> list[tuple[str, str, str]]:
    """Of each value told: whose it is, its status, its text."""
    return [
        (read.text("PID", 3), read.text("OBX", 11, which=n), read.text("OBX", 5, which=n))
        for read in (parsed(each.body, validated=False) for each in here.sent(case))
        for n in range(1, read.count("OBX") + 1)
        if read.text("OBX", 4, which=n) != "1.0.0.0"
    ]


def test_nothing_is_told_of_a_nameless_patient_until_he_has_a_number_and_then_all(here: Hospital) -> None:
    telling, case = here.telling("vitals"), begun(here, Patient())
    here.look(telling)
    here.desk.fill(case, filled(cell(0, 72.0), cell(1, 73.0)))
    here.look(telling)
    assert here.sent(case) == []
    here.desk.merge(ANN, case, patient=WANG, reason="wristband")
    here.look(telling)
    assert statuses(here, case) == [("10023456", "R", "72"), ("10023456", "R", "73")]


def test_what_was_told_of_another_patient_is_taken_back_from_him(here: Hospital) -> None:
    telling, case = here.telling("vitals"), begun(here)
    here.look(telling)
    here.desk.fill(case, filled(cell(0, 72.0)))
    here.desk.merge(ANN, case, patient=Patient(number="999", name="李四"), reason="wrong patient")
    here.look(telling)
    here.desk.discard(ANN, case, reason="opened by mistake")
    here.look(telling)
    told = statuses(here, case)
    assert told == [("10023456", "R", "72"), ("999", "R", "72"), ("10023456", "D", ""), ("999", "D", "")]


def test_what_a_person_takes_out_of_the_record_is_deleted(here: Hospital) -> None:
    telling, case = here.telling("vitals"), begun(here)
    here.look(telling)
    here.desk.fill(case, filled(cell(0, 72.0)))
    here.desk.void(ANN, case, document=RECORD, item=f"hr@{mark(0)}", after=0, reason="diathermy")
    here.look(telling)
    assert [status for _, status, _ in statuses(here, case)] == ["R", "D"]
    (_, deleted) = here.sent(case)
    assert [(o.value, o.quality) for o in heard(deleted.body)] == [(None, Quality.INVALID)]


def test_a_record_that_is_opened_again_tells_only_what_is_changed_in_it(here: Hospital, clock: Clock) -> None:
    telling, case = here.telling("vitals"), begun(here)
    here.look(telling)
    here.desk.fill(case, filled(cell(0, 72.0), cell(1, 73.0)))
    clock.go(60)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    clock.go(60)
    here.desk.send_back(HAL, case, document=RECORD, reason="mend it")
    here.desk.fill(case, filled(cell(1, 74.0), cell(2, 75.0)))
    clock.go(60)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.look(telling)
    assert [told[1:] for told in statuses(here, case)] == [
        ("R", "72"), ("R", "73"), ("F", "72"), ("F", "73"), ("C", "74"), ("R", "75"), ("F", "74"), ("F", "75"),
    ]  # fmt: skip


def test_a_persons_own_value_names_neither_device_nor_site_that_he_has_not_named(here: Hospital) -> None:
    telling, case = here.telling("vitals"), begun(here)
    here.look(telling)
    for signal, unit, value in (("rr", "/min", 14.0), ("temp", "Cel", 36.5)):
        said = Charted(signal=signal, mark_us=mark(0), time_us=mark(0), value=value, unit=unit)
        here.desk.set(ANN, case, document=RECORD, item=f"{signal}@{mark(0)}", after=0, content=said)
    here.look(telling)
    sent = [line for each in here.sent(case) for line in lines(each) if line.startswith("OBX")]
    assert [(line.split("|")[3], line.split("|")[11], line.split("|")[18:]) for line in sent] == [
        ("151562^MDC_RESP_RATE^MDC", "F", []),
        ("150344^MDC_TEMP^MDC", "F", []),
    ]


def test_a_test_case_and_a_demonstration_are_never_production(here: Hospital) -> None:
    telling, case = here.telling("vitals"), begun(here, is_test=True)
    here.look(telling)
    here.desk.fill(case, filled(cell(0, 72.0)))
    here.look(telling)
    (sent,) = here.sent(case)
    assert parsed(sent.body).field("MSH", 11) == "D"
    assert all(o.demo for o in heard(sent.body))


TRAILING = "乗乛亅亊珅"
"""Characters whose second byte in GB18030 is one of HL7's delimiters: | ^ and so on."""


@pytest.mark.parametrize("charset", ["UNICODE UTF-8", "GB18030"])
@pytest.mark.parametrize("name", [*TRAILING, "王|小^明", "A\\B~C&D", "𠮷㐂"])
def test_names_come_back_as_they_were(clock: Clock, charset: str, name: str) -> None:
    here = Hospital(clock, charset=charset)
    telling, case = here.telling("vitals"), begun(here, replace(WANG, name=name))
    here.look(telling)
    here.desk.fill(case, filled(cell(0, 72.0)))
    here.look(telling)
    (sent,) = here.sent(case)
    read = parsed(sent.body)
    assert (read.charset, read.text("PID", 5)) == (charset, name)


def test_those_names_have_delimiters_in_their_bytes() -> None:
    assert {char.encode("gb18030")[1:] for char in TRAILING} == {b"|", b"^", b"\\", b"~"}
