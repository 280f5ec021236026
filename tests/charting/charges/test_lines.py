"""Entries of a record become lines by the catalogue: time bands, ampoules, waste, prices; what is lacking is told."""

from contextlib import nullcontext
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from charting.case.state import Case
from charting.charges.catalogue import Catalogue, check
from charting.charges.config import ChargesSection
from charting.charges.due import recorded
from charting.charges.examples import examples
from charting.charges.lines import Bill
from charting.library.library import Libraries, LibraryError, parse
from charting.loading import Loading, crosswalks_of, libraries_of
from charting.trail.contents import Bolus, Controlled, Infusion, Rate, Volume, Warming
from charting.trail.trail import MemoryTrail
from collector.errors import UsageError
from tests.charting.charges.scenes import HAL, MINUTE_US, PRICES, Theatre, term
from tests.oracles.hl7 import parsed

HEAD = PRICES.splitlines()[0]


def billed(bill: Bill) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for line in bill.lines:
        found[line.item.term.code] = found.get(line.item.term.code, Decimal(0)) + line.quantity
    return found


def bill(theatre: Theatre, case: str = "a") -> Bill:
    found: Case = theatre.desk.case(case)
    return recorded(found, theatre.tariff)


@pytest.mark.parametrize(
    ("minutes", "s1", "s2", "s3"),
    [(1, 1, 0, 1), (60, 1, 0, 1), (61, 1, 0, 2), (120, 1, 0, 2), (121, 1, 1, 3), (180, 1, 1, 3), (181, 1, 2, 4)],
)
def test_the_first_two_hours_and_each_further_one_that_has_begun(minutes: int, s1: int, s2: int, s3: int) -> None:
    theatre = Theatre()
    theatre.begun("a")
    theatre.lasted("a", minutes)
    assert billed(bill(theatre)) == {k: n for k, n in {"S1": s1, "S2": s2, "S3": s3}.items() if n}


def test_doses_open_ampoules_together_or_each_its_own() -> None:
    theatre = Theatre()
    theatre.begun("a")
    for n, mg in enumerate((50.0, 100.0, 49.9)):
        theatre.propofol("a", f"p{n}", mg)
    at_us = theatre.clock.at_us
    for n in range(2):
        dose = Bolus(drug=term("drugs", "D026"), dose=0.3, unit="mg", route="iv", at_us=at_us)
        theatre.put("a", f"x{n}", dose)
    assert billed(bill(theatre)) == {"X1": 1, "X3": 2}
    theatre.put("a", "ml", Bolus(drug=term("drugs", "D001"), dose=20, unit="mL", route="iv", at_us=at_us))
    assert billed(bill(theatre))["X1"] == 2, "199.9 mg and one that was told in mL"
    # 4 mg/kg/h for 30 min at 70 kg: 140 mg more
    run = Infusion(
        what="drug", drug=term("drugs", "D001"), unit="mg/kg/h", stop_us=at_us,
        rates=(Rate(at_us=at_us - 30 * MINUTE_US, rate=4.0),),
    )  # fmt: skip
    theatre.put("a", "run", run)
    assert billed(bill(theatre))["X1"] == 3


def test_what_was_wasted_was_opened() -> None:
    theatre = Theatre()
    theatre.begun("a")
    at_us, drug = theatre.clock.at_us, term("drugs", "D011")
    theatre.put("a", "b", Bolus(drug=drug, dose=10, unit="ug", route="iv", at_us=at_us))
    assert billed(bill(theatre)) == {"X2": 1}
    opened = Controlled(
        drug=drug, lot="L", ampoules=3, size=50, unit="ug", given=10, wasted=140, empties=3, at_us=at_us
    )
    theatre.put("a", "k", opened)
    assert billed(bill(theatre)) == {"X2": 3}


def test_what_makes_no_line_is_told_and_never_dropped() -> None:
    theatre = Theatre()
    theatre.begun("a")
    at_us = theatre.clock.at_us
    theatre.used("a", "m20", 1, code="M20")  # recorded, and the site charges nothing for it
    theatre.used("a", "m19", 1, code="M19")
    theatre.used("a", "m10", 2, code="M10")
    theatre.put("a", "v", Volume(way="in", group="blood", what="红细胞", ml=400, start_us=at_us))
    theatre.put("a", "u", Volume(way="out", group="urine", what="", ml=100, start_us=at_us))
    run = Infusion(what="drug", drug=term("drugs", "D001"), unit="mg/h", rates=(Rate(at_us=at_us, rate=1),))
    theatre.put("a", "runs", run)
    theatre.put("a", "w", Warming(device="fluid", start_us=at_us))
    found = bill(theatre)
    assert billed(found) == {"M3": 2}
    assert {(u.entry, u.why, u.code) for u in found.unbilled} == {
        ("m19", "no_item", ""), ("v", "no_item", ""), ("w", "no_item", ""),
        ("runs", "no_amount", "X1"), ("", "no_time", "S3"),
    }  # fmt: skip
    assert theatre.tariff.catalogue.price("M3", "2026-01-01") is None


def test_a_device_identifier_goes_before_a_code() -> None:
    theatre = Theatre()
    theatre.begun("a")
    theatre.used("a", "m1", 1, udi="(01)06901234567892(17)280101(10)A7")
    theatre.used("a", "m2", 1, udi="0106901234567892172801011007")
    theatre.used("a", "m3", 1, udi="(01)06900000000001(10)A7")
    assert [(line.item.term.code, line.source) for line in bill(theatre).lines] == [
        ("M2", "m1"), ("M2", "m2"), ("M1", "m3"),
    ]  # fmt: skip


def test_the_price_is_that_of_the_day_of_the_service() -> None:
    row = "X1,丙泊酚,P,{},{},支,{},drug,drug,D001,,200 mg,,,,,,"
    libraries = Libraries()
    libraries.add(parse(f"{HEAD}\n{row.format('2026-01-01', '', '10')}\n", "charges-1.csv"))
    catalogue = Catalogue(libraries)
    assert catalogue.price("X1", "2026-08-01") == 10
    libraries.add(parse(f"{HEAD}\n{row.format('2026-07-01', '2026-09-01', '12.5')}\n", "charges-2.csv"))
    days = ("2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01", "2026-08-31", "2026-09-01")
    assert [catalogue.price("X1", day) for day in days] == [None, 10, 10, Decimal("12.5"), Decimal("12.5"), None]


def test_a_site_with_a_catalogue_of_its_own_charges_nothing_of_the_sample() -> None:
    libraries = Libraries.sample()
    assert Catalogue(libraries).making("2026-08-01", "technique", "1")
    row = "H1,全身麻醉,GA,,,次,1000,service,technique,1,,,,,,,,"
    libraries.add(parse(f"{HEAD}\n{row}\n", "charges-h.csv"))
    assert [item.term.code for item in Catalogue(libraries).on("2026-08-01")] == ["H1"]


X1 = "X1,丙泊酚,P,2026-01-01,,支,10,drug,drug,D001,,200 mg,,,,,,"


@pytest.mark.parametrize(("row", "taken"), [
    (X1, True),
    (X1.replace(",P,", ",Propofol,"), True),
    (X1.replace("2026-01-01,", "2026-01-01,2026-09-01"), True),
    (X1.replace("200 mg", "100 mg"), False),
    (X1.replace(",10,", ",12,"), False),
    (X1.replace("支", "盒"), False),
    (X1.replace("2026-01-01", ""), False),
    (X1.replace("200 mg", "100 mg").replace("2026-01-01", "2026-07-01"), True),
    (X1.replace("X1", "X2").replace("2026-01-01", ""), False),
    (X1.replace("X1", "X2"), True),
])  # fmt: skip
def test_a_later_catalogue_says_from_which_day_it_says_otherwise(row: str, taken: bool, tmp_path: Path) -> None:
    (tmp_path / "charges-1.csv").write_text(f"{HEAD}\n{X1}\n", encoding="utf-8")
    libraries = libraries_of(tmp_path)
    loading = Loading(tmp_path, MemoryTrail(lambda: 0), libraries, crosswalks_of(tmp_path))
    text = f"{HEAD}\n{row}\n"
    with nullcontext() if taken else pytest.raises(LibraryError, match=r"valid_from: .*生效日期"):
        loading.library(parse(text, "charges-2.csv"), text, HAL)
    assert len(Catalogue(libraries).versions) == (2 if taken else 1)
    (tmp_path / "charges-2.csv").write_text(text, encoding="utf-8")
    with nullcontext() if taken else pytest.raises(UsageError, match="valid_from"):
        libraries_of(tmp_path)


@pytest.mark.parametrize(
    ("rounding", "decimals", "quantity", "expected"),
    [("up", 0, "1.001", "2"), ("down", 0, "1.999", "1"), ("half", 0, "1.5", "2"), ("half", 0, "1.49", "1"),
     ("up", 2, "0.333333", "0.34"), ("down", 2, "0.339", "0.33"), ("up", 0, "2", "2")],
)  # fmt: skip
def test_quantities_are_rounded_as_the_site_says(rounding: str, decimals: int, quantity: str, expected: str) -> None:
    theatre = Theatre(config=ChargesSection(rounding=rounding, decimals=decimals))  # type: ignore[arg-type]
    item = theatre.tariff.catalogue.on("2026-01-01")[0]
    assert theatre.tariff.rounded(Fraction(quantity), item) == Decimal(expected)


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("X,x,x,,,支,1.2.3,drug,drug,D001,,200 mg,,,,,,", "price"),
        ("X,x,x,,,支,-1,drug,drug,D001,,200 mg,,,,,,", "price"),
        ("X,x,x,,,支,1,pill,drug,D001,,200 mg,,,,,,", "kind"),
        ("X,x,x,,,支,1,drug,magic,D001,,200 mg,,,,,,", "makes"),
        ("X,x,x,,,支,1,drug,drug,,,200 mg,,,,,,", "of"),
        ("X,x,x,,,支,1,drug,drug,D001,,mg 200,,,,,,", "size"),
        ("X,x,x,,,支,1,drug,drug,D001,,,,,,,,", "size"),
        ("X,x,x,,,支,1,service,span,,,,t_anes_start:t_tea,,,60,,", "span"),
        ("X,x,x,,,支,1,service,span,,,,,,,ten,,", "step_min"),
        ("X,x,x,,,支,1,drug,drug,D001,,200 mg,,,,,patient,", "per"),
        ("X,x,x,,,支,1,drug,drug,D001,,200 mg,,,,,,nearest", "rounding"),
        ("X23456789012345678901,x,x,,,支,1,drug,drug,D001,,200 mg,,,,,,", "code"),
    ],
)
def test_a_catalogue_that_is_none_is_refused_with_what_is_wrong(row: str, wrong: str) -> None:
    with pytest.raises(LibraryError, match=f": {wrong}: "):
        check(parse(f"{HEAD}\n{row}\n", "charges-9.csv"))


def test_the_examples_are_what_two_other_programs_read() -> None:
    made = {name: parsed(body) for name, body in examples().items()}
    lines = {name: [(m.text("FT1", 6, which=n), m.text("FT1", 7, which=n), m.text("FT1", 10, which=n))
                    for n in range(1, m.count("FT1") + 1)] for name, m in made.items()}  # fmt: skip
    assert sorted(lines["dft_P03_charge.hl7"]) == [
        ("CG", "S101", "1"), ("CG", "S102", "1"), ("CG", "S110", "3"), ("CG", "X001", "1"),
    ]  # fmt: skip
    assert lines["dft_P03_credit.hl7"] == [("CD", "X001", "1")]
