"""The rules of config/prometheus: promtool's own checks and tests, and what those do not see."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from charting.metrics import declared as of_charting
from collector.metrics import declared as of_bed
from tests.prometheus import CONFIG, hurried, promtool

ROOT = CONFIG.parent.parent
TESTS = sorted((CONFIG / "tests").glob("*.yml"))
RULES = [CONFIG / "alerts.yml", CONFIG / "recording.yml"]
PANELS = sorted((ROOT / "config/grafana/dashboards").glob("*.json"))
METRIC = re.compile(r"\b(?:vitalsd|process)_[a-z_]+\b")
RECORD = re.compile(r"\b[a-z]+:vitalsd_[a-z_]+:[a-z0-9_]+|\bvitalsd:[a-z]+:[a-z]+\b")
ROLES = {"vitalsd_read", "vitalsd_bed", "vitalsd_chart", "vitalsd_migrate"}


def alerts() -> list[str]:
    return re.findall(r"^ +- alert: (\w+)$", RULES[0].read_text(encoding="utf-8"), re.MULTILINE)


def series() -> Iterator[str]:
    """Every name that a scrape may bring."""
    for one in (*of_bed(), *of_charting()):
        yield one.name
        if one.kind == "histogram":
            yield from (f"{one.name}_{part}" for part in ("bucket", "sum", "count"))


def test_promtool_finds_no_fault_in_rules_and_configuration() -> None:
    for done in (promtool("check", "rules", *RULES), promtool("check", "config", CONFIG / "prometheus.yml")):
        assert done.returncode == 0, done.stdout + done.stderr


def test_rules_do_what_promtools_tests_say() -> None:
    done = promtool("test", "rules", *TESTS)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


def test_they_evaluate_records_before_alerts_and_leave_out_no_group() -> None:
    groups = {
        file: re.findall(r"^  - name: ([\w-]+)$", file.read_text(encoding="utf-8"), re.MULTILINE) for file in RULES
    }
    for file in TESTS:
        order = re.findall(r"^  - (vitalsd-\w+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert order == [*groups[RULES[1]], *groups[RULES[0]]], file.name


def test_each_alert_fires_in_one_of_them_and_is_silent_before_and_after() -> None:
    tests = [
        re.split(r"\n +- expr: ", test)[1:]
        for file in TESTS
        for test in file.read_text(encoding="utf-8").split("\n  - name: ")[1:]
    ]
    for name in alerts():
        fires = [[f'alertname="{name}"' in look for look in looks] for looks in tests]
        assert any(any(told) and not told[0] and not told[-1] for told in fires), name


def test_each_alert_says_in_both_languages_what_to_do() -> None:
    text = RULES[0].read_text(encoding="utf-8")
    parts = dict(re.findall(r"- alert: (\w+)\n(.*?)(?=\n\n|\n  - name|\Z)", text, re.DOTALL))
    assert list(parts) == alerts()
    sections = {
        lang: re.findall(
            r"^### (\w+)$", (ROOT / f"docs/manual/{lang}/alerts.md").read_text(encoding="utf-8"), re.MULTILINE
        )
        for lang in ("en", "zh")
    }
    assert sections["en"] == sections["zh"] == alerts()
    for name, part in parts.items():
        assert re.search(r"severity: (critical|warning|info)\b", part), name
        said = dict(re.findall(r"^ +(\w+): (.+)$", part, re.MULTILINE))
        assert all(re.search(r"[一-鿿]", said[key]) for key in ("summary_zh", "description_zh")), name
        assert not any(re.search(r"[一-鿿]", said[key]) for key in ("summary", "description")), name
        for lang, key in (("en", "runbook_url"), ("zh", "runbook_url_zh")):
            assert said[key] == f"docs/manual/{lang}/alerts.md#{name.lower()}"


@pytest.mark.parametrize("file", [*RULES, *PANELS], ids=lambda file: file.name)
def test_rules_and_panels_ask_only_for_what_there_is(file: Path) -> None:
    recorded = set(re.findall(r"record: (\S+)", RULES[1].read_text(encoding="utf-8")))
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        text = "\n".join(_queries(json.loads(text)))
    asked = {name for line in text.splitlines() if not line.lstrip().startswith("#") for name in RECORD.findall(line)}
    assert asked <= recorded
    assert {*METRIC.findall(RECORD.sub("", text))} - ROLES <= {*series()}


def _queries(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (str(part[key]) for key in ("expr", "definition") if key in part)
        for inner in part.values():
            yield from _queries(inner)
    if isinstance(part, list):
        for inner in part:
            yield from _queries(inner)


def test_a_minute_becomes_a_second() -> None:
    rules = "for: 5m\nx[1h] > 3 * 60 and y offset 7d and z[2m]\n  a_5m: b > 26 * 3600\n"
    assert hurried(rules) == (
        "for: 4000ms\nx[8000ms] > 3 * 1 and y offset 8000ms and z[4000ms]\n  a_5m: b > 26 * 3600\n"
    )
    assert hurried("for: 1m") == "for: 1000ms"
