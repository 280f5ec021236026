"""What a card says at length: Markdown to HTML that can do nothing but be read.

No HTML of its own, no image; a link is https, leaves the page's window alone, and its host stands beside its text,
which may say anything.
"""

from collections.abc import Sequence
from functools import lru_cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from charting.cds.texts import host_of

_DEPTH = 20
_KEPT = 512


@lru_cache(maxsize=_KEPT)
def html(markdown: str) -> str:
    """HTML of block elements. It cannot fail: what is no Markdown is text."""
    return str(_MARKDOWN.render(markdown))


class _Renderer(RendererHTML):
    """Headings are paragraphs: they belong to the card, and not to the page."""

    def heading_open(self, *_: object) -> str:
        return "<p><strong>"

    def heading_close(self, *_: object) -> str:
        return "</strong></p>\n"

    def th_open(self, *_: object) -> str:
        return "<th>"  # alignment would be a style of its own

    def td_open(self, *_: object) -> str:
        return "<td>"

    def fence(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return f"<pre>{escape(tokens[idx].content)}</pre>\n"

    def code_block(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return self.fence(tokens, idx)

    def link_open(self, tokens: Sequence[Token], at: int, *_: object) -> str:
        url = escape(str(tokens[at].attrGet("href")))
        return f'<a href="{url}" rel="noopener noreferrer nofollow" target="_blank">'

    def link_close(self, tokens: Sequence[Token], at: int, *_: object) -> str:
        begun = next(t for t in reversed(tokens[:at]) if t.type == "link_open" and t.level == tokens[at].level)
        return f" ({escape(host_of(str(begun.attrGet('href'))))})</a>"


def _made() -> MarkdownIt:
    settings = {"html": False, "linkify": False, "typographer": False, "maxNesting": _DEPTH}
    made = MarkdownIt("js-default", settings, renderer_cls=_Renderer).disable(["image", "html_block", "html_inline"])
    made.validateLink = lambda url: bool(host_of(url))  # type: ignore[method-assign]
    return made


_MARKDOWN = _made()
