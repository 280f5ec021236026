"""Mappings between editions: by day, one to several, none; bad files are refused whole, with line and reason."""

import os
from pathlib import Path

import pytest

from charting.codes.front_page import CLINICAL, INSURANCE, FrontPages
from charting.codes.mapping import Crosswalks, parse
from charting.library.library import Libraries, LibraryError

NAME = "mapping-procedures-procedures_insurance-2027.csv"
PAGES = FrontPages(Libraries.sample(), Crosswalks.of(None), "Asia/Shanghai")


def test_the_sample_leads_by_the_day_of_the_operation() -> None:
    def codes(code: str, day: str) -> list[str]:
        return [term.code for term in PAGES.insurance(code, day)]

    assert codes("51.2300", "2026-03-01") == ["51.2300"]
    assert codes("53.0000", "2025-12-31") == ["53.0001"]
    assert codes("53.0000", "2026-01-01") == ["53.0100", "53.0200"]
    assert codes("47.0100", "2025-12-31") == []
    assert codes("39.5100", "2026-03-01") == []


def test_every_code_of_the_sample_is_in_its_libraries() -> None:
    crosswalk = Crosswalks.of(None).between(CLINICAL, INSURANCE)
    assert crosswalk is not None
    libraries = Libraries.sample()
    assert all(libraries.newest(CLINICAL, code) for code in crosswalk.rows)
    assert all(libraries.newest(INSURANCE, row.target) for rows in crosswalk.rows.values() for row in rows)


def test_a_sites_newest_file_counts_and_is_no_library(tmp_path: Path) -> None:
    old, new = tmp_path / NAME, tmp_path / NAME.replace("2027", "2026.9")
    old.write_text("source,target,valid_from,valid_to\n51.2300,51.2200,,\n", encoding="utf-8")
    new.write_bytes("source,target,valid_from,valid_to,说明\n51.2300,47.0900,,,改\n".encode("gb18030"))
    os.utime(old, ns=(1, 1))
    crosswalk = Crosswalks.of(tmp_path).between(CLINICAL, INSURANCE)
    assert crosswalk is not None
    assert (crosswalk.version, crosswalk.targets("51.2300", "2026-01-01")) == ("2026.9", ["47.0900"])
    assert Libraries.of(tmp_path).names() == Libraries.sample().names()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source,target\na,b\n", "line 1: columns are missing: valid_from, valid_to"),
        ("source,target,valid_from,valid_to\n", "there is no code in it"),
        ("source,target,valid_from,valid_to\na,b,,\na,b,,\n", "line 3: the source has that target already"),
        ("source,target,valid_from,valid_to\na, b,,\n", "line 2: target is empty, or has spaces"),
        ("source,target,valid_from,valid_to\na,b,2026,\n", "line 2: valid_from: expected a date"),
        ("source,target,valid_from,valid_to\na,b,2026-02-01,2026-01-01\n", "line 2: valid_to is not after valid_from"),
        ("source,target,valid_from,valid_to\na,b\n", "line 2: fewer cells than columns"),
        ("source,target,valid_from,valid_to\na,b,,,c\n", "line 2: more cells than columns"),
    ],
)
def test_a_bad_file_is_refused_whole(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LibraryError, match=said):
        parse(text, NAME)
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(LibraryError, match="mapping-procedures"):
        Crosswalks.of(tmp_path)


@pytest.mark.parametrize("name", ["mapping-a-2026.csv", "mapping--b-1.csv", "mapping-a-b-.csv"])
def test_a_file_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(LibraryError, match="expected a name like"):
        parse("source,target,valid_from,valid_to\na,b,,\n", name)
