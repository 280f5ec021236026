"""What codes mean: techniques and their groups, sets of procedures (clinical.md §1.1, §1.2 no. 4, §1.5)."""

import pytest

from charting.library.library import Coding, Library
from charting.library.library import Libraries as Libs
from charting.quality.derive.codes import in_set, technique
from charting.trail.contents import Coded, Term
from tests.charting.quality.told import LIBRARIES, Part, coded, derived, event, record, usual
from tests.charting.quality.told import technique as techniques


def group(*codes: str, device: str = "ETT") -> str:
    with_device: Part = event("t_tube_in", 15, device=device) if device else record(tube="none")
    return derived(usual(), techniques(*codes), with_device).technique


@pytest.mark.parametrize(("codes", "device", "expected"), [
    (("41",), "ETT", "intubated"), (("41",), "LMA", "intubated"), (("12",), "", "unintubated"),
    (("21",), "", "neuraxial"), (("L21",), "", "neuraxial"), (("22", "L12"), "", "neuraxial"),
    (("41", "33"), "ETT", "combined"), (("41", "22"), "ETT", "combined"), (("L43",), "ETT", "combined"),
    (("43",), "", "combined"), (("21", "33"), "", "combined"), (("4",), "ETT", "combined"),
    (("33",), "", "other"), (("L12", "35"), "", "other"), (("36",), "", "other"), (("9",), "", "other"),
    (("3",), "", "other"), (("42",), "", ""), ((), "ETT", ""),
])  # fmt: skip
def test_the_five_groups_of_edition_2015(codes: tuple[str, ...], device: str, expected: str) -> None:
    assert group(*codes, device=device) == expected


@pytest.mark.parametrize(("codes", "ga", "regional"), [
    (("41",), True, False), (("21",), False, True), (("33",), False, True), (("41", "33"), True, True),
    (("L12",), False, False), (("3",), False, None), (("4",), None, None), (("4", "41"), True, None),
    (("X",), None, None), (("X", "21"), None, True), ((), None, None),
])  # fmt: skip
def test_several_techniques_are_taken_together(codes: tuple[str, ...], ga: bool | None, regional: bool | None) -> None:
    found = derived(usual(), techniques(*codes))
    both = {found.neuraxial, found.block}
    assert found.ga is ga
    assert (True if True in both else None if None in both else False) is regional


def test_every_code_of_the_library_is_told_of() -> None:
    library = LIBRARIES.current("techniques")
    assert library is not None
    for code, coding in library.codings.items():
        told = technique([Coded(use="technique", term=coding.term)], LIBRARIES)
        open_ = code in {"4", "42"}
        assert (told.ga is None) is open_, code
        assert (told.sedation is True) is (code == "L12")
        assert (told.cooling is True) is (code == "44")


def test_a_sites_library_may_tell_itself_what_its_codes_mean() -> None:
    term = Term(library="techniques", version="h", code="21", zh="全麻", en="GA")
    libraries = Libs()
    libraries.add(
        Library(
            name="techniques", version="h", codings={"21": Coding(term=term, attributes={"ga": "yes", "block": "no"})}
        )
    )
    told = technique([Coded(use="technique", term=term)], libraries)
    assert (told.ga, told.block, told.neuraxial) == (True, False, None)


def belongs(name: str, *codes: str, use: str = "procedure") -> bool | None:
    terms = [Term(library="procedures", version="h", code=code, zh="?", en="?") for code in codes]
    return in_set([Coded(use=use, term=term) for term in terms], name)


@pytest.mark.parametrize(("code", "cranial", "throat"), [
    ("01.2400", True, False), ("01.24", True, False), ("01", True, False), ("02.2x00x003", True, False),
    ("04.0100", True, False), ("04.01", True, False), ("04.0700", False, False), ("04.4100", True, False),
    ("04.4300", False, False), ("07.6200", True, False), ("07.7x00", True, False), ("07.4100", False, False),
    ("38.3100", True, False), ("38.3200", False, True), ("39.5100", True, False), ("39.5300", False, False),
    ("39.7200", True, False), ("06.2x00", False, True), ("06.2", False, True), ("07.8201", False, True),
    ("28.2x00", False, True), ("31.1x00", False, True), ("32.4100", False, True), ("36.1200", False, True),
    ("40.4100", False, True), ("81.0200", False, True), ("81.0800", False, False), ("85.4300", False, False),
    ("10.1x00", False, False), ("47.0100", False, False), ("手术1", None, None), ("", None, None),
])  # fmt: skip
def test_sets_of_procedures_know_codes_with_and_without_their_extension(
    code: str, cranial: bool | None, throat: bool | None
) -> None:
    assert (belongs("cranial", code), belongs("throat", code)) == (cranial, throat)


def test_what_was_done_counts_and_not_what_was_planned() -> None:
    planned = belongs("cranial", "01.2400", use="planned_procedure")
    assert planned is True
    done = derived(
        usual(), coded("planned_procedure", "procedures", "01.2400"), coded("procedure", "procedures", "47.0100")
    )
    assert done.cranial is False
    assert derived(usual()).cranial is None
    assert belongs("throat", "47.0100", "06.2x00") is True
    assert belongs("throat", "47.0100", "?") is None
