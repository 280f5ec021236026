"""The PDF: the same pages, the same bytes, Chinese in it."""

import re
import struct
import sys
import zlib

import pytest

from charting import pdf as module
from charting.pdf import pdf, png
from charting.sheet.paper import Paper
from charting.sheet.sheet import pages
from collector.errors import UsageError
from tests.charting.sheet.data import DOCUMENT, NAMES, SITE, ZONE, anaesthetic, at, template

MADE_US = at(13)


def page(text: str) -> str:
    paper = Paper(1)
    paper.text(300, 1000, text, size=120)
    return paper.svg()


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
    anaesthesia, surgery, nothing = (png([page(text)], ppi=40)[0] for text in ("麻", "术", "\ue000"))
    assert anaesthesia != surgery
    assert nothing not in {anaesthesia, surgery}
    assert b"NotoSansCJK" in pdf([page("麻醉记录单")], title="麻醉", lang="zh", made_us=MADE_US)


@pytest.mark.parametrize("ppi", [80, 97, 110, 150])
def test_no_column_of_pixels_is_left_out_of_an_image(ppi: int) -> None:
    """A comb with a tooth every third pixel: where a column is left out, two teeth are nearer to each other."""
    wide, _ = struct.unpack(">II", png([page("x")], ppi=ppi)[0][16:24])
    paper, pixel = Paper(1), 2100 / wide
    paper.raw(
        "".join(f'<rect x="{pixel * (n + 0.2):.3f}" y="0" width="{pixel}" height="99"/>' for n in range(0, wide, 3))
    )
    teeth = [x for x, red in enumerate(top_row(png([paper.svg()], ppi=ppi)[0])) if red < 128]
    assert teeth == list(range(0, wide, 3))


def top_row(image: bytes) -> bytes:
    """The red of an 8-bit RGBA image's first row: nothing above it, so that of its filters only those count."""
    wide, _, depth, colour = struct.unpack(">IIBB", image[16:26])
    assert (depth, colour) == (8, 6)
    at, packed = 8, b""
    while at < len(image):
        long, kind = struct.unpack(">I4s", image[at : at + 8])
        packed += image[at + 8 : at + 8 + long] if kind == b"IDAT" else b""
        at += 12 + long
    way, *row = zlib.decompressobj().decompress(packed, 1 + wide * 4)
    for i in range(4, len(row)):
        left = row[i - 4]
        row[i] = (row[i] + (0, left, 0, left // 2, left)[way]) % 256
    return bytes(row[::4])


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
