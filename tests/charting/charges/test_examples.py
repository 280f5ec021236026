"""The bill of the interface reference is one that others read, and its sums are those of the record beside it."""

from charting.charges.examples import examples
from tests.oracles.hl7 import parsed


def test_the_example_is_read_by_both_and_adds_up() -> None:
    read = {name: parsed(body) for name, body in examples().items()}
    told = {
        name: [tuple(each.text("FT1", f, which=n) for f in (6, 7, 10)) for n in range(1, each.count("FT1") + 1)]
        for name, each in read.items()
    }
    assert {name: sorted(lines) for name, lines in told.items()} == {
        # 150 minutes: the first 2 h, one further hour begun, 3 h of monitoring begun; an ampoule of 200 mg; a tube
        "charges": [("CG", "M101", "1"), ("CG", "S101", "1"), ("CG", "S102", "1"), ("CG", "S110", "3"),
                    ("CG", "X001", "1")],
        # 250 mg are two ampoules
        "charges_corrected": [("CD", "X001", "1"), ("CG", "X001", "2")],
    }  # fmt: skip
    charged, corrected = read["charges"], read["charges_corrected"]
    ampoule = next(n for n in range(1, 6) if charged.text("FT1", 7, which=n) == "X001")
    assert corrected.text("FT1", 2) == f"{charged.text('FT1', 2, which=ampoule)}R"
    assert [each.type for each in read.values()] == ["DFT^P03^DFT_P03"] * 2
