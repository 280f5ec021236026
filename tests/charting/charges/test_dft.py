"""A posting as DFT^P03, read by programs that are not ours, beside the worked example of the fact sheet."""

from dataclasses import replace
from pathlib import Path

import pytest

from charting.charges.config import ChargesSection
from charting.trail.contents import Attendance, Coded, Patient
from tests.charting.charges.scenes import ANN, HAL, MINUTE_US, RECORD, SENDER, Theatre, term
from tests.oracles.hl7 import Parsed, parsed

SAMPLES = Path(__file__).parents[2] / "data" / "hl7"


def sample(name: str) -> Parsed:
    framed = (SAMPLES / name).read_bytes()
    return parsed(framed.removeprefix(b"\x0b").removesuffix(b"\x1c\r"), validated=False)


def posted(theatre: Theatre) -> list[Parsed]:
    theatre.begun("a")
    theatre.lasted("a", 190)
    theatre.put("a", "op", Coded(use="procedure", term=term("procedures", "51.2300")), of_case=True)
    start_us = theatre.desk.case("a").opened_us
    there = Attendance(role="anaesthetist", name="王^医生", account="ann", in_us=start_us)
    theatre.put("a", "ann", there, of_case=True)
    theatre.propofol("a", "p1", 250)
    theatre.sign("a")
    theatre.look()
    first = theatre.delivered()
    theatre.desk.send_back(HAL, "a", document=RECORD, reason="mend")
    theatre.void("a", "p1")
    theatre.sign("a")
    theatre.look()
    validated = theatre.config.version == "2.5"  # hl7apy writes FT1 of 2.6 without its withdrawn fields 8 and 9
    return [parsed(body, validated=validated) for body in (*first, *theatre.delivered())]


@pytest.mark.parametrize("version", ["2.5", "2.6"])
def test_two_other_programs_read_what_leaves(version: str) -> None:
    theatre = Theatre(config=ChargesSection(version=version, department="OR1"))  # type: ignore[arg-type]
    charged, credited = posted(theatre)
    assert (charged.type, charged.version, charged.charset) == ("DFT^P03^DFT_P03", version, "UNICODE UTF-8")
    assert list(charged.names) == ["MSH", "EVN", "PID", "PV1", "FT1", "FT1", "FT1", "FT1"]
    assert charged.text("PID", 3) == "20260042"
    assert charged.text("PID", 3, 4) == "HOSP"
    assert charged.text("PV1", 19) == "7"
    lines = {charged.text("FT1", 7, which=n): n for n in range(1, 5)}
    n = lines["X1"]
    got = {f: charged.text("FT1", f, which=n) for f in (1, 3, 6, 7, 10, 11, 12, 13, 20, 21, 23, 24, 25)}
    assert got == {1: str(n), 3: "a", 6: "CG", 7: "X1", 10: "2", 11: "", 12: "", 13: "OR1", 20: "ann", 21: "ann",
                   23: "a", 24: "ann", 25: ""}  # fmt: skip
    assert charged.text("FT1", 20, 2, which=n) == "王^医生"
    assert charged.text("FT1", 7, 2, which=n) == "丙泊酚"
    assert charged.text("FT1", 16, which=n) == "OR"
    assert charged.text("FT1", 25, which=lines["S1"]) == "51.2300"
    assert charged.text("FT1", 4, which=lines["S1"])[:14] == "20260101040000"
    assert charged.field("FT1", 4, lines["S1"]).split("^")[1][:14] == "20260101071000"
    assert credited.count("FT1") == 1
    back = {f: credited.text("FT1", f) for f in (2, 6, 7, 10, 25)}
    assert back == {2: f"{charged.text('FT1', 2, which=n)}R", 6: "CD", 7: "X1", 10: "2", 25: ""}
    assert charged.control != credited.control


def test_it_has_the_fields_of_the_worked_example() -> None:
    charged, credited = posted(Theatre())
    for ours, example in ((charged, sample("dft_P03_charge.hl7")), (credited, sample("dft_P03_credit.hl7"))):
        told = [f for f in range(1, 26) if example.field("FT1", f, 1)]
        item = "S1" if ours is charged else "X1"
        n = next(n for n in range(1, ours.count("FT1") + 1) if ours.text("FT1", 7, which=n) == item)
        said = [f for f in range(1, 26) if ours.field("FT1", f, n)]
        assert set(told) - set(said) <= {13}, "the site's department, which is the configuration's"
        assert set(said) <= {*told, 16}
        assert list(ours.names)[:4] == list(example.names)[:4]


def test_the_bill_goes_to_whom_it_is_of_though_he_has_another_number_by_now() -> None:
    theatre = Theatre()
    theatre.begun("a")
    theatre.used("a", "m1", 1)
    theatre.sign("a")
    theatre.look()
    theatre.delivered()
    theatre.desk.merge(ANN, "a", patient=Patient(number="222", name="李四"), reason="wrong")
    theatre.look()
    bodies = [parsed(body) for body in theatre.delivered()]
    told = [(b.text("FT1", 6), b.text("PID", 3), b.text("PID", 5), b.text("PV1", 19)) for b in bodies]
    assert told == [("CD", "20260042", "张三", "7"), ("CG", "222", "李四", "")]


def test_a_day_is_a_batch_where_the_site_says_so() -> None:
    theatre = Theatre(config=ChargesSection(batch="day", decimals=2))
    theatre.begun("a")
    theatre.used("a", "m1", 1.5)
    theatre.clock.go(MINUTE_US / 1e6)
    theatre.sign("a")
    theatre.look()
    (body,) = theatre.delivered()
    assert (parsed(body).text("FT1", 3), parsed(body).text("FT1", 10)) == ("20260101", "1.5")


def test_the_number_is_of_the_kind_that_the_hospital_has() -> None:
    theatre = Theatre(sender=replace(SENDER, id_type="PI"))
    charged, _ = posted(theatre)
    assert (charged.text("PID", 3), charged.text("PID", 3, 5)) == ("20260042", "PI")
