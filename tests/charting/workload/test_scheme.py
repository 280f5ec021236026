"""A scheme's file: every mistake at once, with its key; the formula's version tells that something was changed."""

from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from charting.config import load
from charting.library.library import Libraries
from charting.workload.scheme import from_json, scheme
from collector.errors import UsageError
from tests.charting.workload.cases import changed

BUILT_IN = files("charting.workload").joinpath("scheme.toml").read_text(encoding="utf-8")


def mistakes(folder: Path, *changes: tuple[str, str]) -> list[str]:
    text = BUILT_IN
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    scheme.cache_clear()
    with pytest.raises(UsageError) as refused:
        scheme(path)
    assert all(reason.startswith(f"{path}: ") for reason in refused.value.reasons)
    return [reason.removeprefix(f"{path}: ") for reason in refused.value.reasons]


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ("share = 1.0", "share = -1.0", "stages.anaesthesia.roles.anaesthetist.share", "greater than or equal to 0"),
        ("share = 1.0", 'share = "much"', "stages.anaesthesia.roles.anaesthetist.share", "decimal"),
        ("scrub_nurse =", "scrub_nurze =", "stages.nursing.roles.scrub_nurze", "scrub_nurse"),
        ('several = "full"', 'several = "half"', "stages.anaesthesia.roles.anaesthetist.several", "'full' or 'split'"),
        ('document = "pacu_record"', 'document = "poem"', "stages.pacu.document", "pacu_record"),
        ('clock = "room"', 'clock = "sun"', "stages.nursing.clock", "'anaesthesia'"),
        ("per_hour = 1.0", "", "stages.pacu", "per_hour"),
        ("levels = { 1 = 0.5", "levels = { 7 = 0.5", "stages.nursing.levels.7", "'1', '2', '3' or '4'"),
        ('L41 = ["lma"]', 'L41 = ["mask"]', "technique", "codes.L41: 'mask' is not in base"),
        ("first_min = 60", "first_min = 0", "stages.anaesthesia.time.first_min", "greater than or equal to 1"),
        ("{ since = 1, below = 4", "{ since = 0, below = 4", "age.bands", "< 1 and < 4 overlap"),
        ("areas = { or = 1.0, offsite", "areas = { offsite", "location.areas", "or is missing"),
        ('since = "08:00", until = "17:00"', 'since = "09:00", until = "17:00"', "shift.parts", "nothing covers 08:00"),
        ('since = "08:00", until = "17:00"', 'since = "08:00", until = "17:30"', "shift.parts", "two cover 17:00"),
        ('since = "08:00", until = "17:00"', 'since = "8 am", until = "17:00"', "shift.parts[0].since", "08:00"),
        ('"2026-10-01"', '"2026-13-01"', "shift.holidays", "date"),
        ('"2026-10-10"]', '"2026-10-01"]', "shift", "2026-10-01 is a holiday too"),
        ("tee = 1.0", "tea = 1.0", "extras.tea", "'tee'"),
        ("factors = [1.0, 0.5, 0.3]", "factors = []", "parallel.factors", "at least 1"),
        ('version = "default/1"', 'version = ""', "version", "at least 1"),
    ],
)
def test_a_mistake_is_told_with_its_key(old: str, new: str, key: str, said: str, tmp_path: Path) -> None:
    found = mistakes(tmp_path, (old, new))
    assert any(m.startswith(key) and said in m for m in found), found


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        ("share = 1.0", "share = -1.0"),
        ('clock = "room"', 'clock = "sun"'),
        ("emergency = 0.2", "emergensy = 0.2"),
        ("[parallel]", "[serial]"),
    )
    for key in (
        "stages.anaesthesia.roles",
        "stages.nursing.clock",
        "asa.emergency",
        "asa.emergensy",
        "parallel",
        "serial",
    ):
        assert any(m.startswith(key) for m in found), (key, found)


def test_the_formula_tells_what_was_changed_and_not_how_it_is_written(tmp_path: Path) -> None:
    same = tmp_path / "same.toml"
    same.write_text(f"# a remark\n{BUILT_IN}", encoding="utf-8")
    assert scheme(same).formula == scheme().formula
    other = changed(scheme(), asa__emergency="0.3")
    assert other.version == scheme().version
    assert other.formula != scheme().formula
    assert from_json(other.model_dump(mode="json")).formula == other.formula


def test_the_table_of_the_rules_stands_in_the_built_in_scheme() -> None:
    built = scheme()
    time = built.stages["anaesthesia"].time
    assert time is not None
    assert [time.points(m) for m in (60, 61, 90, 91)] == [Decimal(x) for x in ("1.0", "1.5", "1.5", "2.0")]
    assert {k: float(v) for k, v in built.technique.base.items()} == {
        "general": 1.0, "one_lung": 1.3, "lma": 0.9, "sedation": 0.6, "spinal": 0.8, "epidural": 0.8, "block": 0.7,
    }  # fmt: skip
    assert {k: float(v) for k, v in built.asa.classes.items()} == {"1": 1.0, "2": 1.0, "3": 1.2, "4": 1.5, "5": 2.0}
    assert {r: float(role.share) for r, role in built.stages["anaesthesia"].roles.items()} == {
        "anaesthetist": 1.0, "anaesthesia_assistant": 0.5, "anaesthesia_trainee": 0.4, "anaesthesia_nurse": 0.3,
    }  # fmt: skip
    assert {k: float(v) for k, v in built.extras.items()} == {
        "arterial_line": 0.5, "cvc": 0.5, "pa_catheter": 0.5, "tee": 1.0, "fob": 0.5, "double_lumen": 0.5,
        "pacu_patient": 0.2, "pain_visit": 0.05, "preop_visit": 0.1, "resus": 1.0,
    }  # fmt: skip
    assert {p.part: float(p.factor) for p in built.shift.parts} == {"day": 1.0, "evening": 1.2, "night": 1.5}
    assert (float(built.shift.holiday), [float(f) for f in built.parallel.factors]) == (1.5, [1.0, 0.5, 0.3])


def test_every_code_of_the_scheme_is_in_the_sample_library_and_operations_there_have_levels() -> None:
    libraries = Libraries.sample()
    techniques, procedures = libraries.current("techniques"), libraries.current("procedures")
    assert techniques is not None
    assert procedures is not None
    assert set(scheme().technique.codes) <= set(techniques.codings)
    without = [code for code, coding in procedures.codings.items() if "level" not in coding.attributes]
    assert [code for code in without if code < "87"] == [], "from chapter 16 on nothing is operated"
    assert {c.attributes["level"] for code, c in procedures.codings.items() if code not in without} == set("1234")


def test_the_charting_s_file_names_a_site_s_own_and_is_refused_with_its_mistakes(tmp_path: Path) -> None:
    own, config = tmp_path / "own.toml", tmp_path / "charting.toml"
    own.write_text(BUILT_IN.replace("default/1", "ours/1"), encoding="utf-8")
    config.write_text(
        '[charting]\nlisten = "127.0.0.1:8443"\nsite = "示例医院"\n'
        'database = "sqlite:////var/lib/vitalsd/charting.db"\n'
        'beds = [{ id = "OR-03", journal = "/var/lib/vitalsd/OR-03/journal.db" }]\n'
        f'[workload]\nscheme = "{own}"\n',
        encoding="utf-8",
    )
    scheme.cache_clear()
    assert scheme(load(config).workload.scheme).version == "ours/1"
    own.write_text(BUILT_IN.replace("tee = 1.0", "tea = 1.0"), encoding="utf-8")
    scheme.cache_clear()
    with pytest.raises(UsageError) as refused:
        load(config)
    (reason,) = refused.value.reasons
    assert reason.startswith(f"{config}: workload.scheme: {own}: extras.tea")
