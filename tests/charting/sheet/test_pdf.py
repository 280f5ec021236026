"""The PDF: the same pages, the same bytes, Chinese in it."""

import re
import sys

import pytest

from charting import pdf as module
from charting.pdf import pdf
from charting.sheet.paper import Paper
from charting.sheet.sheet import pages
from collector.errors import UsageError
from tests.charting.sheet.data import DOCUMENT, NAMES, SITE, ZONE, anaesthetic, at, template

MADE_US = at(13)


def page(text: str) -> str:
    paper = Paper(1)
    paper.text(300, 1000, text, size=120)
    return paper.svg()


def picture(text: str) -> bytes:
    made: bytes = module._compile([page(text)], title="", lang="zh", made_us=0, format="png", ppi=40)
    return made


@pytest.fixture
def fresh() -> None:
    module._typst.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_the_same_pages_give_the_same_bytes() -> None:
    case = anaesthetic(5)
    drawn = [
        p.svg
        for p in pages(
            case, case.documents[DOCUMENT], template(), lang="zh", zone=ZONE, names=NAMES, now_us=MADE_US, site=SITE
        )
    ]
    made = pdf(drawn, title="麻醉记录单", lang="zh", made_us=MADE_US)
    module._typst.cache_clear()
    assert pdf(drawn, title="麻醉记录单", lang="zh", made_us=MADE_US) == made
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", made)) == len(drawn)
    assert b"pdfaid:part" in made
    assert b"2026-11-26T13:00:00" in made


def test_the_pages_are_a4() -> None:
    made = pdf([page("麻醉")], title="麻醉", lang="zh", made_us=MADE_US)
    found = re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", made)
    assert found is not None
    assert [float(side) for side in found.groups()] == pytest.approx([595.276, 841.89], abs=0.01)


def test_chinese_is_set_in_its_own_glyphs() -> None:
    """A character that a font does not have is an empty box: two of them would look the same."""
    anaesthesia, surgery, nothing = (picture(text) for text in ("麻", "术", "\ue000"))
    assert anaesthesia != surgery
    assert nothing not in {anaesthesia, surgery}
    assert b"NotoSansCJK" in pdf([page("麻醉记录单")], title="麻醉", lang="zh", made_us=MADE_US)


def test_a_title_with_quotes_is_a_title() -> None:
    assert pdf([page("x")], title='a "b" \\ #panic()\n', lang="en", made_us=MADE_US).startswith(b"%PDF-")


def test_what_is_no_page_is_refused() -> None:
    with pytest.raises(ValueError, match="no pages"):
        pdf([], title="", lang="zh", made_us=0)
    with pytest.raises(ValueError, match="a page cannot be set"):
        pdf(["<svg"], title="x", lang="zh", made_us=MADE_US)


@pytest.mark.usefixtures("fresh")
def test_a_missing_font_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FONT", "No Such Font")
    with pytest.raises(UsageError, match="fonts-noto-cjk"):
        pdf([page("x")], title="x", lang="zh", made_us=MADE_US)
    module._typst.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_a_missing_typst_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(UsageError, match=r"vitalsd\[pdf\]"):
        pdf([page("x")], title="x", lang="zh", made_us=MADE_US)
    module._typst.cache_clear()
