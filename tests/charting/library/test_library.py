"""Code libraries: what may be chosen, in which version, and files that are wrong."""

from pathlib import Path

import pytest

from charting.library.library import Libraries, LibraryError
from charting.library.scores import scales

HEAD = "code,zh,en,valid_from,valid_to,pinyin\n"


def made(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_a_retired_code_stays_readable(tmp_path: Path) -> None:
    libraries = Libraries()
    libraries.load(made(tmp_path, "procedures-1.csv", "A,甲,First,2020-01-01,2026-01-01,j\nB,乙,Second,,,y\n"))
    libraries.load(made(tmp_path, "procedures-2.csv", "B,乙,Second,,,y\n"))
    current = libraries.current("procedures")
    assert current is not None
    assert current.version == "2"
    term = libraries.term("procedures", "1", "A")
    assert term is not None
    assert (term.zh, libraries.named("procedures", "A")) == ("甲", term)
    assert libraries.term("procedures", "2", "A") is None
    assert [c.term.code for c in libraries.search("procedures", "")] == ["B"]


def test_validity_ends_on_its_day(tmp_path: Path) -> None:
    libraries = Libraries()
    libraries.load(made(tmp_path, "x-1.csv", "A,甲,First,2020-01-01,2026-01-01,j\n"))
    days = {"2019-12-31": 0, "2020-01-01": 1, "2025-12-31": 1, "2026-01-01": 0}
    assert {day: len(libraries.search("x", "first", day=day)) for day in days} == days


def test_searching_by_code_names_and_initials() -> None:
    libraries = Libraries.sample()
    for text in ("D001", "丙泊", "propo", "bbf", " PROPOFOL "):
        assert libraries.search("drugs", text, 1)[0].term.code == "D001", text
    assert len(libraries.search("drugs", "a", 5)) == 5
    assert libraries.search("nothing", "a") == []


def test_flags_stand_in_the_table() -> None:
    libraries = Libraries.sample()
    flags = {
        code: {k: v for k, v in coding.attributes.items() if k in {"controlled_class", "is_nmb"}}
        for code in ("D011", "D020", "D001")
        for coding in [libraries.coding("drugs", "2026.1", code)]
        if coding
    }
    assert flags == {"D011": {"controlled_class": "narcotic"}, "D020": {"is_nmb": "yes"}, "D001": {}}


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    rows = (
        "A,甲,First,,,\nA,甲,First,,,\n,乙,Second,,,\nC,丙, Third,,,\nD,丁,Fourth,2026-13-01,,\n"
        "E,戊,Fifth,2026-02-01,2026-01-01,\nF,己\n"
    )
    libraries = Libraries()
    with pytest.raises(LibraryError) as error:
        libraries.load(made(tmp_path, "x-1.csv", rows))
    assert [line.split(": ")[1] for line in str(error.value).splitlines()] == [f"line {n}" for n in range(3, 9)]
    assert libraries.names() == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nameless.csv", HEAD.encode()),
        ("x-1.csv", b""),
        ("x-1.csv", HEAD.encode()),
        ("x-1.csv", b"code,zh\nA,B\n"),
        ("x-1.csv", HEAD.encode() + b"A,\xff\xff,First,,,\n"),
        ("x-1.csv", (HEAD + "A,\ufffd\ufffd,First,,,\n").encode()),
        ("x-1.csv", (HEAD + 'A,"甲,First,,,\n' + "x" * 200_000).encode()),
        ("x-1.csv", (HEAD + "A,甲,First,,,\n").encode("utf-16")),
    ],
)
def test_what_is_no_library_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LibraryError):
        Libraries().load(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, encoding: str) -> None:
    rows = f'{HEAD}A,"丙泊酚注射液",Propofol,,,bbf\r\nB,"利多卡因, 2%",Lidocaine,,,ldky\r\n'
    (tmp_path / "x-1.csv").write_bytes(rows.encode(encoding))
    loaded = Libraries().load(tmp_path / "x-1.csv")
    assert [c.term.zh for c in loaded.codings.values()] == ["丙泊酚注射液", "利多卡因, 2%"]


def test_a_version_is_loaded_twice_only_if_it_is_the_same(tmp_path: Path) -> None:
    libraries = Libraries()
    for _ in range(2):
        libraries.load(made(tmp_path, "x-1.csv", "A,甲,First,,,\n"))
    with pytest.raises(LibraryError):
        libraries.load(made(tmp_path, "x-1.csv", "A,甲,Other,,,\n"))


def test_scales_have_their_published_ranges() -> None:
    ranges = {
        name: (
            sum(min(p.levels) for p in scale.parts.values()),
            sum(max(p.levels) for p in scale.parts.values()),
        )
        for name, scale in scales().items()
    }
    assert ranges == {
        "RASS": (-5, 4), "GCS": (3, 15), "Aldrete": (0, 10), "Steward": (0, 6), "NRS": (0, 10), "VAS": (0, 10),
        "CPOT": (0, 8), "Ramsay": (1, 6),
    }  # fmt: skip
