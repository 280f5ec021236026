"""The documents that come with the program, and what the loader says of files that are wrong."""

from pathlib import Path

import pytest

from charting.fill.signals import signals
from charting.library.library import Libraries
from charting.templates.loader import TemplateError, Templates, parse

NAMES = {
    "anaesthesia_record", "icu_flowsheet", "preop_visit", "consent", "pacu_record", "or_nursing_record",
    "postop_visit", "visit_6h", "visit_24h", "visit_72h", "analgesia_followup",
}  # fmt: skip
GOOD = """
name = "note"
version = "1.0.0"
zh = "记录"
en = "Note"
kind = "form"
authors = ["anaesthetist"]

[[sections]]
id = "all"
zh = "全部"
en = "All"

[[sections.fields]]
id = "pain"
zh = "疼痛"
en = "Pain"
type = "number"

[[signatures]]
slot = "doctor"
zh = "医师"
en = "Doctor"
roles = ["anaesthetist"]
"""


def test_all_documents_are_there_in_both_languages() -> None:
    found = Templates.load().newest()
    assert {t.name for t in found} == NAMES
    libraries = Libraries.sample().names()
    for template in found:
        assert template.signatures
        assert set(template.signals) <= set(signals())
        for named in (template.fields, template.sections, template.needs, template.signatures):
            assert all(n.zh and n.en for n in named)
        assert all(o.zh and o.en for f in template.fields for o in f.options)
        assert all(f.library in libraries for f in template.fields if f.type == "term")


def test_the_required_elements_of_the_standard_are_asked_for() -> None:
    record = Templates.load().get("anaesthesia_record")
    assert record is not None
    asked = {f.de for f in record.fields} | {n.de for n in record.needs}
    assert {  # clinical.md §3.7
        "DE05.01.024.00", "DE05.10.129.00", "DE06.00.228.00", "DE04.10.260.00", "DE06.00.226.00", "DE05.01.077.00",
        "DE05.10.063.00", "DE06.00.253.00", "DE06.00.136.00", "DE06.00.216.00", "DE06.00.281.00", "DE06.00.185.00",
        "DE04.10.188.00",
    } <= asked  # fmt: skip


def test_versions_stand_side_by_side(tmp_path: Path) -> None:
    for version in ("1.0.0", "1.9.0", "1.10.0"):
        (tmp_path / f"note-{version}.toml").write_text(GOOD.replace("1.0.0", version), encoding="utf-8")
    found = Templates.load(tmp_path)
    newest, old = found.get("note"), found.get("note", "1.0.0")
    assert newest is not None
    assert old is not None
    assert (newest.version, old.version, found.get("note", "2.0.0"), found.get("x")) == ("1.10.0", "1.0.0", None, None)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('kind = "form"', 'kind = "form"\ncolour = "red"', "colour"),
        ('type = "number"', 'type = "number"\nrequird = true', "sections.0.fields.0.requird"),
        ('type = "number"', 'type = "numeral"', "sections.0.fields.0.type"),
        ('type = "number"', 'type = "choice"', "pain: options"),
        ('type = "number"', 'type = "term"', "pain: library"),
        ('"1.0.0"', '"1.0"', "version"),
        ('kind = "form"', 'kind = "grid"', "grid"),
        ('roles = ["anaesthetist"]', 'roles = ["doctor"]', "doctor: expected a role"),
        ('zh = "疼痛"\n', "", "sections.0.fields.0.zh"),
        ("[[sections]]", "[[sections", "note.toml"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_key(old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(TemplateError) as error:
        parse(GOOD.replace(old, new, 1), "note.toml")
    assert "note.toml" in str(error.value)
    assert told in str(error.value)
