"""What the pages for a printer share: the document around them."""

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files

from charting.page.words import Lang, Words

LINK = '<link rel="stylesheet" href="print.css">\n<link rel="icon" href="icon.svg">'
"""Style and icon of a document that the bed's page serves."""


@cache
def whole() -> str:
    """The style of a document that stands alone in its file."""
    return f"<style>\n{files('charting.page').joinpath('static', 'print.css').read_text(encoding='utf-8')}</style>"


def document(title: str, pages: Sequence[str], words: Words, *, upright: bool = True, style: str = LINK) -> str:
    """Pages (<section> elements) as one HTML document. title: plain text."""
    kind = ' class="upright"' if upright else ""
    back = f'<a href=".?lang={words.lang}">{escape(words("print.back"))}</a>' if style == LINK else ""
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if words.lang is Lang.ZH else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n{style}\n</head>\n<body{kind}>\n"
        f"<nav>{back}<p>{escape(words('print.how'))}</p></nav>\n{''.join(pages)}</body>\n</html>"
    )
