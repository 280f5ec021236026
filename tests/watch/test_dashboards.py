"""The dashboards of config/grafana by Grafana's schema. None is drawn here: Grafana is in no registry of ours."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.watch.grafana import faults
from tests.watch.panels import DASHBOARDS, load

CHINESE = re.compile(r"[一-鿿]")
SAME = {"vitalsd", "MQTT"}
"""Titles that are the same in both languages."""


@pytest.fixture(params=DASHBOARDS, ids=lambda file: str(file.stem))
def dashboard(request: pytest.FixtureRequest) -> dict[str, Any]:
    file: Path = request.param
    return load(file)


def test_there_is_one_of_a_bed_of_the_fleet_and_of_the_store() -> None:
    assert [file.stem for file in DASHBOARDS] == ["bed", "fleet", "store"]
    assert {load(file)["uid"] for file in DASHBOARDS} == {"vitalsd-bed", "vitalsd-fleet", "vitalsd-store"}


def test_it_keeps_to_grafanas_schema(dashboard: dict[str, Any]) -> None:
    assert faults(dashboard) == []


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("gridPos", "w"), "wide", "is not int"),
        (("options", "colorMode"), "pink", "is no BigValueColorMode"),
        (("title",), 7, "is not str"),
        (("titel",), "x", "unknown"),
        (("fieldConfig", "defaults", "treshold"), 1, "unknown"),
        (("targets", 0, "expr"), 1, "is not str"),
    ],
)
def test_the_schema_knows_a_fault(place: tuple[str | int, ...], value: object, said: str) -> None:
    data = load(DASHBOARDS[0])
    part: Any = data["panels"][0]
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    (fault,) = faults(data)
    assert said in fault


def test_titles_are_in_both_languages(dashboard: dict[str, Any]) -> None:
    titles = [dashboard["title"], *(panel["title"] for panel in dashboard["panels"])]
    assert not [title for title in titles if title not in SAME and not CHINESE.search(title)]
    assert not [title for title in titles if not re.search("[A-Z]", title)]


def test_panels_have_places_and_ids_of_their_own(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert all(x < 24 for x, _ in cells)


def test_panels_ask_the_sources_that_are_provisioned(dashboard: dict[str, Any]) -> None:
    kinds = {variable["name"]: variable["query"] for variable in dashboard["templating"]["list"][:2]}
    file = DASHBOARDS[0].parent.parent / "provisioning/datasources/vitalsd.yml"
    text = file.read_text(encoding="utf-8")
    assert set(re.findall(r"^    type: (.+)$", text, re.MULTILINE)) == set(kinds.values())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            source = target["datasource"]
            assert source == panel["datasource"] == {"type": kinds[source["uid"][2:-1]], "uid": source["uid"]}
            assert ("rawSql" in target) == (source["uid"] == "${timescale}")
