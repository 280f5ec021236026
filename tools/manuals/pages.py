"""A manual's Markdown as HTML, with its headings, links and pictures."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

SOURCE = Path(__file__).parents[2] / "docs" / "manual"
LANGS = ("zh", "en")
ORDER = ("index", "user", "install", "engineer", "hospital", "alerts", "backup", "update", "emergency", "interfaces",
         "release-notes")  # fmt: skip
"""As the index lists them."""

_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_NOT_IN_A_SLUG = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """`number`: "2.1" of a section, "" of the title. `id`: what links name, as on the project's own pages."""

    level: int
    id: str
    number: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`links`, `pictures`: targets as written. `raw`: HTML that the Markdown holds, which no page may."""

    name: str
    lang: str
    body: str
    headings: Sequence[Heading]
    links: Sequence[str]
    pictures: Sequence[str]
    raw: Sequence[str]

    @property
    def title(self) -> str:
        return next((heading.text for heading in self.headings if heading.level == 1), "")


def names(lang: str, source: Path = SOURCE) -> Sequence[str]:
    """Pages of a language in the order of the index; what it does not list comes last."""
    found = {file.stem for file in (source / lang).glob("*.md")}
    return [*(name for name in ORDER if name in found), *sorted(found - set(ORDER))]


def page(name: str, lang: str, source: Path = SOURCE) -> Page:
    text = (source / lang / f"{name}.md").read_text(encoding="utf-8")
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = reader.parse(_COMMENT.sub("", text))
    inner = [child for token in tokens for child in token.children or ()]
    links = [str(token.attrs["href"]) for token in inner if token.type == "link_open"]
    pictures = [str(token.attrs["src"]) for token in inner if token.type == "image"]
    raw = [token.content for token in (*tokens, *inner) if token.type in {"html_block", "html_inline"}]
    headings = list(_number(tokens))
    _lead_to_html(inner)
    return Page(
        name=name,
        lang=lang,
        body=reader.renderer.render(tokens, reader.options, {}),
        headings=headings,
        links=[unquote(link) for link in links],
        pictures=[unquote(picture) for picture in pictures],
        raw=raw,
    )


def pages(lang: str, source: Path = SOURCE) -> Sequence[Page]:
    return [page(name, lang, source) for name in names(lang, source)]


def _number(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Give each heading its id, and each section of the first two levels its number."""
    counts = [0, 0]
    taken: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        level, inline = int(token.tag[1]), tokens[at + 1]
        text = "".join(child.content for child in inline.children or ())
        slug = _NOT_IN_A_SLUG.sub("", text.lower()).replace(" ", "-")
        seen = taken.get(slug, 0)
        taken[slug] = seen + 1
        number = ""
        if level in {2, 3}:
            counts = [counts[0] + 1, 0] if level == 2 else [counts[0], counts[1] + 1]
            number = ".".join(map(str, counts[: level - 1]))
            mark = Token("html_inline", "", 0, content=f'<span class="number">{number}</span> ')
            inline.children = [mark, *(inline.children or ())]
        id_ = f"{slug}-{seen}" if seen else slug
        token.attrSet("id", id_)
        yield Heading(level=level, id=id_, number=number, text=text)


def _lead_to_html(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type == "link_open":
            target, mark, place = str(token.attrs["href"]).partition("#")
            if target.endswith(".md") and "/" not in target:
                token.attrSet("href", f"{target.removesuffix('.md')}.html{mark}{place}")


def contents(page: Page, numbers: dict[str, int] | None = None) -> str:
    """A table of contents as HTML. `numbers`: heading's id → page on paper."""
    rows = []
    for heading in page.headings:
        if heading.level in {2, 3}:
            at = f'<span class="at">{numbers[heading.id]}</span>' if numbers and heading.id in numbers else ""
            rows.append(
                f'<li class="of-{heading.level}"><a href="#{escape(heading.id)}"><span class="number">'
                f"{heading.number}</span> {escape(heading.text)}</a>{at}</li>"
            )
    return f"<ol>{''.join(rows)}</ol>" if rows else ""
