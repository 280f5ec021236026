"""The page over HTTP while its server is away, and what it gives to a printer then."""

import re

import pytest

from collector.clock import rfc3339
from tests.page.data import NOW_US, SECOND_US
from tests.page.test_downtime import away
from tests.page.test_web import Site


async def test_after_two_minutes_without_its_server_the_bed_says_that_it_works_alone() -> None:
    site = Site(server=False)
    away_us = NOW_US - 90 * SECOND_US
    site.store.changes = [away(away_us)]
    banner = re.compile(r'<div id="server">(.*?)</div>')
    for after_s, reached, local in ((119, False, False), (120, False, True), (121, True, False)):
        site.now_us, site.server = away_us + after_s * SECOND_US, reached
        state = "reached" if reached else "away"
        since = None if reached else rfc3339(away_us)
        assert (await site.now())["server"] == {"state": state, "away_since": since, "local": local}
        shown = banner.search((await site.get("/?lang=en")).text)
        assert shown is not None
        assert ("this bed works alone" in shown[1], 'href="downtime?lang=en"' in shown[1]) == (local, local)


async def test_a_bed_without_a_server_misses_none() -> None:
    site = Site()
    site.store.changes = [away(NOW_US - 600 * SECOND_US)]
    assert (await site.now())["server"] == {"state": "none", "away_since": None, "local": False}


@pytest.mark.parametrize(
    ("path", "title"),
    [("downtime?lang=en", "Downtime sheet"), ("blank?lang=zh", "空白记录单"), ("print?lang=en", "Bedside data")],
)
async def test_what_is_printed_is_a_page_that_brings_only_its_style_and_leads_back(path: str, title: str) -> None:
    site = Site(server=True)
    answer = await site.get(f"/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert re.search(f"<title>[^<]*{title}", answer.text)
    lang = path[-2:]
    assert re.findall(r'(?:href|src)="([^"#]+)"', answer.text) == ["print.css", "icon.svg", f".?lang={lang}"]
    assert "style=" not in answer.text
    assert (await site.get("/print.css")).headers["content-type"].startswith("text/css")
    assert f'href="{path}"' in (await site.get(f"/?lang={lang}")).text
