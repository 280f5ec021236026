"""What a card says at length: Markdown that can do nothing."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charting.cds.detail import html

HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](https://x.example/track.png)",
    "[a](javascript:alert(1))", "[a](JaVaScRiPt&#58;alert(1))", "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](https://good.example@evil.example/)", '[a](https://x.example/" onmouseover="alert(1))',
    "<https://x.example/'onclick='alert(1)>", "[a][b]\n\n[b]: javascript:alert(1)", "```<script>\n</code><script>\n```",
    "<svg/onload=alert(1)>", "<style>*{display:none}</style>", "<div style='position:fixed;inset:0'>", "<!-- -->",
    "|a|b|\n|:-|-:|\n|<b>|[x](vbscript:1)|", "<iframe src=//evil.example>", "&lt;script&gt;", "# <h1 id=main>",
    '[a](https://x.example "t\\" onclick=\\"alert(1)")', "<a href='//evil.example'>", "![a](javascript:alert(1))",
)  # fmt: skip
TAGS = {
    "p", "strong", "em", "s", "ul", "ol", "li", "a", "pre", "code", "br", "hr", "blockquote", "table", "thead",
    "tbody", "tr", "th", "td",
}  # fmt: skip


class Seen(HTMLParser):
    """Tags with their attributes, and the text between."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def harmless(made: str) -> Seen:
    seen = Seen(made)
    for tag, attributes in seen.tags:
        assert tag in TAGS, (tag, made)
        if tag == "a":
            assert attributes.keys() == {"href", "rel", "target"}, made
            assert re.match(r"https://[^@\s]+$", attributes["href"] or ""), made
            assert "noopener" in (attributes["rel"] or "")
        else:
            assert attributes.keys() <= ({"start"} if tag == "ol" else set()), made
    return seen


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_is_text(text: str) -> None:
    harmless(html(text))
    harmless(html(f"a **b** {text}\n\n- {text}\n\n> {text}"))


PARTS = st.sampled_from([*HOSTILE, "\n", "\n\n", "*", "`", "[", "](", ")", "<", '"', "|", "> ", "a"])


@settings(deadline=None)
@given(st.lists(PARTS, max_size=12))
def test_whatever_is_put_together_of_it_is_text(parts: list[str]) -> None:
    harmless(html("".join(parts)))


def test_what_people_write_is_shown_as_they_meant_it() -> None:
    assert html("**8.3 µg/kg**: 上限 *5*\n\n- a\n- b").split() == (
        ["<p><strong>8.3", "µg/kg</strong>:", "上限", "<em>5</em></p>", "<ul>", "<li>a</li>", "<li>b</li>", "</ul>"]
    )
    assert harmless(html("# Heading\n\n|a|\n|:-:|\n|1|")).text.split() == ["Heading", "a", "1"]
    assert "<h1" not in html("# Heading")


def test_a_links_host_stands_beside_what_it_says() -> None:
    seen = harmless(html("[https://hospital.example](https://evil.example/x)"))
    assert seen.text.strip() == "https://hospital.example (evil.example)"
