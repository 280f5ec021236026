"""Writes the manuals as HTML, and prints each of them as a PDF."""

import asyncio
import shutil
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from urllib.parse import unquote

from playwright.async_api import Browser, async_playwright
from pypdf import PdfReader

from collector import __version__
from tools.manuals.pages import LANGS, SOURCE, Page, contents, pages
from tools.manuals.words import Words

CHROMIUM = "/usr/bin/chromium"
INDEX = "index"
"""The page that lists the others; it is no manual and is not printed."""
_TAGS = {"zh": "zh-CN", "en": "en"}
_DRAFT = "print.html"
"""What the browser prints: the table of contents with page numbers, links to other manuals as text."""


def write_html(out: Path, source: Path = SOURCE) -> None:
    """All pages with their pictures and the style sheet, in place of what is there."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / "manual.css").write_bytes(files("tools.manuals").joinpath("manual.css").read_bytes())
    for lang in LANGS:
        folder = out / lang
        folder.mkdir()
        if (source / lang / "img").is_dir():
            shutil.copytree(source / lang / "img", folder / "img")
        there = pages(lang, source)
        links = [(each.name, each.title) for each in there]
        for each in there:
            (folder / f"{each.name}.html").write_text(_framed(each, links, contents(each)), encoding="utf-8")


async def write_pdf(out: Path, source: Path = SOURCE) -> None:
    """A PDF beside each page's HTML but the index."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            for lang in LANGS:
                for each in pages(lang, source):
                    if each.name != INDEX:
                        await _print(browser, out / lang, each)
        finally:
            await browser.close()


def build(out: Path, source: Path = SOURCE) -> None:
    write_html(out, source)
    asyncio.run(write_pdf(out, source))


async def _print(browser: Browser, folder: Path, page: Page) -> None:
    """Print twice: where the sections stand is known after the first time."""
    file, draft = folder / f"{page.name}.pdf", folder / _DRAFT
    tab = await browser.new_page()
    try:
        numbers: dict[str, int] = {}
        for _ in range(2):
            draft.write_text(_framed(page, (), contents(page, numbers or dict.fromkeys(_ids(page), 0))), "utf-8")
            await tab.goto(draft.absolute().as_uri())
            await tab.evaluate("document.querySelectorAll('main a').forEach((a) => {"
                               " if (a.protocol === 'file:' && !a.getAttribute('href').startsWith('#'))"
                               " a.removeAttribute('href'); })")  # fmt: skip
            await tab.pdf(path=file, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
            numbers = page_numbers(file)
    finally:
        draft.unlink(missing_ok=True)
        await tab.close()


def _ids(page: Page) -> list[str]:
    return [heading.id for heading in page.headings]


def page_numbers(file: Path) -> dict[str, int]:
    """Of a printed manual: the id of what a link leads to → its page, from 1."""
    reader = PdfReader(file)
    found = {name: reader.get_destination_page_number(to) for name, to in reader.named_destinations.items()}
    return {unquote(name.lstrip("/")): number + 1 for name, number in found.items() if number is not None}


def _framed(page: Page, links: list[tuple[str, str]] | tuple[()], table: str) -> str:
    words, other = Words(page.lang), "en" if page.lang == "zh" else "zh"
    frame = Template(files("tools.manuals").joinpath("frame.html").read_text(encoding="utf-8"))
    values: Mapping[str, str] = {
        "tag": _TAGS[page.lang],
        "title": escape(page.title),
        "version": __version__,
        "version_word": words("version"),
        "contents_word": words("contents"),
        "note": escape(words("cover_note")),
        "name": page.name,
        "other": other,
        "other_tag": _TAGS[other],
        "other_word": Words(other)("language"),
        "others": " ".join(_link(name, title, current=name == page.name) for name, title in links),
        "contents": ""
        if page.name == INDEX
        else (
            f'<p class="heading">{words("contents")}</p>{table}<p class="paper"><a href="{page.name}.pdf">PDF</a></p>'
        ),
        "body": page.body,
    }
    return frame.substitute(values)


def _link(name: str, title: str, *, current: bool) -> str:
    return f'<a href="{name}.html"{" aria-current=page" if current else ""}>{escape(title)}</a>'
