"""Lines that say items, in words of the language, not in those of the tables."""

from charting.case.clock import SiteClock
from charting.page.words import Lang
from charting.trail.contents import Event, Finding
from charting.web.said import Sayings
from charting.web.words import Words
from tests.journal.entries import T0_US


def test_what_was_chosen_beside_an_event_or_a_finding_is_said_in_words() -> None:
    clock = SiteClock(zone="Asia/Shanghai", now_us=lambda: T0_US)
    tube = Event(key="t_tube_in", at_us=T0_US, details={"planned": "false", "device": "DLT"}, note="困难气道")
    aspirated = Finding(key="aspiration", value="yes", details={"severe": "no"})
    zh, en = (Sayings(Words(lang), clock) for lang in (Lang.ZH, Lang.EN))
    assert zh.content(tube).endswith("插管/置喉罩 计划内: 否, 器具: 双腔管, 困难气道")
    assert en.content(tube).endswith("Airway device in Planned: No, Device: DLT, 困难气道")
    assert zh.content(aspirated) == "反流误吸: 是 严重: 否"
