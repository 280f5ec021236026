"""The manuals: every link leads somewhere, both languages are there, and what comes from the code is as the code is."""

import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from collector import __version__
from collector.migrate import migrate
from tools.manuals.__main__ import main
from tools.manuals.build import build
from tools.manuals.links import faults
from tools.manuals.pages import LANGS, SOURCE
from tools.manuals.parts import fresh
from tools.manuals.parts.changes import releases

PAGE = """# {title}

See [dogs](#dogs), [cats](other.md#2-cats), [the site](https://example.com/a?b=c) and ![a picture](img/a.png)

## Dogs

{filler}

## 猫 Cats

Here `code`.
"""
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301"
    "0100b51dcf1b0000000049454e44ae426082"
)


def sound(folder: Path) -> Path:
    """Two pages in each language, without a fault."""
    for lang in LANGS:
        (folder / lang / "img").mkdir(parents=True)
        (folder / lang / "img" / "a.png").write_bytes(PICTURE)
        filler = "word " * 2_500
        (folder / lang / "index.md").write_text(PAGE.format(title=f"Animals {lang}", filler=filler), encoding="utf-8")
        (folder / lang / "other.md").write_text("# Other\n\n## 2 cats\n", encoding="utf-8")
    return folder


def test_the_manuals_have_no_fault() -> None:
    assert faults() == []


def test_sound_pages_have_no_fault(tmp_path: Path) -> None:
    assert faults(sound(tmp_path)) == []


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("(#dogs)", "(#dog)", "no section #dog"),
        ("other.md#2-cats", "other.md#cats", "no section other.md#cats"),
        ("other.md#2-cats", "others.md", "no page others.md"),
        ("other.md#2-cats", "../../README.md", "no page ../../README.md"),
        ("https://example.com", "https://", "no address: https:///a?b=c"),
        ("img/a.png", "img/b.png", "no picture img/b.png"),
        ("Here", "<b>Here</b>", "HTML in it: <b>"),
        ("## Dogs", "# Dogs", "expected one title, and before everything else"),
    ],
)
def test_a_fault_is_told(tmp_path: Path, was: str, now: str, told: str) -> None:
    file = sound(tmp_path) / "en" / "index.md"
    text = file.read_text(encoding="utf-8")
    assert was in text
    file.write_text(text.replace(was, now), encoding="utf-8")
    assert f"en/index.md: {told}" in faults(tmp_path)


def test_what_one_language_lacks_is_told(tmp_path: Path) -> None:
    folder = sound(tmp_path)
    (folder / "zh" / "more.md").write_text("# More\n")
    (folder / "en" / "img" / "b.png").write_bytes(PICTURE)
    assert faults(folder) == [
        "en/more.md: is there in the other language only",
        "zh/img/b.png: is there in the other language only",
        "en/img/b.png: no page shows it",
    ]


def test_pages_are_printed_with_their_version_and_page_numbers(tmp_path: Path) -> None:
    out = tmp_path / "out"
    source = sound(tmp_path / "source")
    for lang in LANGS:
        (source / lang / "index.md").rename(source / lang / "animals.md")
    build(out, source)
    for lang, word in (("zh", "版本"), ("en", "Version")):
        pages = [page.extract_text() for page in PdfReader(out / lang / "animals.pdf").pages]
        assert f"Animals {lang}" in pages[0]
        assert f"{word} {__version__}" in pages[0]
        (stands,) = [number for number, text in enumerate(pages, 1) if "Here code" in text]
        assert stands > 3
        assert re.search(rf"猫 Cats\s*{stands}\b", pages[1])
        assert pages[-1].startswith(f"{len(pages)} / {len(pages)}"), "the foot comes first in the file"
    html = (out / "zh" / "animals.html").read_text(encoding="utf-8")
    assert '<h2 id="猫-cats">' in html
    assert 'href="other.html#2-cats"' in html
    assert not re.search(r"<script|<style|\sstyle=|\bsrc=\"http|href=\"/", html), "it is read offline, and under a CSP"


@pytest.mark.parametrize("server", ["timescale"], indirect=True)
def test_what_comes_from_the_code_is_as_the_code_is(database: str) -> None:
    migrate(database)
    made = fresh(database)
    assert made.lacking == [], "words that tools/manuals/words.csv lacks"
    assert made.idle == []
    assert [str(file.relative_to(SOURCE)) for file in made.stale] == [], "run make manuals"


def test_the_chinese_notes_tell_of_each_release() -> None:
    text = (SOURCE / "zh" / "release-notes.md").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^## (.+)$", text) == list(releases())


def test_an_option_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--help"]) == 2
    assert "python -m tools.manuals DIR" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
