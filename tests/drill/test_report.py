"""The report of a drill: when it is held, and what people and programs read."""

import json
from dataclasses import replace

import pytest

from collector.drill.report import Drill, Lang, Times
from collector.verify.comparison import Comparison
from collector.verify.report import Result, not_tried

RESULT = Result(name="drill", promise="p", tried=1, found=Comparison(wanted=1_234), figures={"said": 1_240.0})
TIMES = Times(outage=300.0, notice=0.4, local=120.6, sheet=0.9, live=2.5, backlog=4.0, bed_age=1.5, store_age=303.0)
GOOD = Drill(
    began_us=1_795_501_123_400_000,
    zone="Asia/Shanghai",
    version="1.2.3",
    drivers=["ge-datex-dri", "philips-intellivue"],
    times=TIMES,
    result=RESULT,
)
"""Began on 2026-11-24 at 14:18:43 in Shanghai."""


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, result=replace(RESULT, found=Comparison(wanted=1_234, lost=1))),
        replace(GOOD, result=replace(RESULT, found=Comparison(wanted=1_234, duplicated=1))),
        replace(GOOD, result=replace(RESULT, broken=["the downtime sheet is not whole"])),
        replace(GOOD, result=not_tried("drill", "p", "no server")),
        replace(GOOD, times=replace(TIMES, notice=None)),
        replace(GOOD, times=replace(TIMES, notice=15.1)),
        replace(GOOD, times=replace(TIMES, local=None)),
        replace(GOOD, times=replace(TIMES, local=125.1)),
        replace(GOOD, times=replace(TIMES, sheet=None)),
        replace(GOOD, times=replace(TIMES, live=30.1)),
        replace(GOOD, times=replace(TIMES, backlog=75.1)),
        replace(GOOD, times=replace(TIMES, bed_age=15.1)),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_one_broken_promise_is_enough(bad: Drill, lang: Lang) -> None:
    assert GOOD.held
    assert not bad.held
    assert not json.loads(bad.json())["held"]
    verdicts = {"zh": ("结论：达标", "未进行"), "en": ("Verdict: HELD", "NOT TRIED")}
    good, without = verdicts[lang]
    assert good in GOOD.text(lang)
    assert good not in bad.text(lang)
    assert (without in bad.text(lang)) == bool(bad.result.not_tried)


def test_local_mode_is_not_due_in_a_short_outage() -> None:
    times = replace(TIMES, outage=100.0, local=None)
    assert replace(GOOD, times=times).held
    assert "not due: shorter than 2 minutes" in replace(GOOD, times=times).text("en")
    assert not replace(GOOD, times=replace(times, outage=126.0)).held


def test_the_archive_has_figures_verdict_and_lines_for_people() -> None:
    text = GOOD.text("zh")
    for said in ("2026-11-24 14:18:43 Asia/Shanghai", "1.2.3", "ge-datex-dri, philips-intellivue"):
        assert said in text
    for said in ("服务器中断：300.0 秒", "0.4 s", "120.6 s", "303.0 s", "1,240", "参加人员", "下次演练"):
        assert said in text
    late = replace(GOOD, times=replace(TIMES, live=31.0)).text("en").splitlines()
    assert [line for line in late if "NOT HELD" in line] == [
        "  After its return, until something new was in the store: 31.0 s  (at most 30 s)  NOT HELD",
        "Verdict: NOT HELD.",
    ]


def test_programs_read_every_figure() -> None:
    told = json.loads(GOOD.json())
    wanted = {
        "began": "2026-11-24T06:18:43.400000Z", "outage_s": 300.0, "notice_s": 0.4, "local_s": 120.6, "sheet_s": 0.9,
        "live_s": 2.5, "backlog_s": 4.0, "bed_age_s": 1.5, "store_age_s": 303.0, "said": 1_240.0, "compared": 1_234,
        "lost": 0, "duplicated": 0, "invented": 0, "held": True,
    }  # fmt: skip
    assert told | wanted == told
    assert told["limits_s"]["backlog"] == 75.0
