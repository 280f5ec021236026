"""Findings, warming and the site of a temperature as pages and the API take them."""

from typing import Any

import pytest

from charting.case.state import cell_item
from charting.trail.contents import Charted, Finding, Warming
from tests.charting.web.hospital import MINUTE_US, NOW_US, STEP_US, Hospital

C, R = "/api/cases/c1", "/api/records/c1/d1"


def said(key: str, value: str, **more: Any) -> dict[str, Any]:
    return {"kind": "finding", "key": key, "value": value, **more}


async def test_a_finding_is_offered_stated_and_shown_with_what_was_stated() -> None:
    hospital = Hospital()
    hospital.opened()
    async with hospital.client("anaesthetist", "zh") as client:
        page = (await client.get("/cases/c1")).text
        assert "/cases/c1/dialogs/finding?key=tooth_injury" in page
        dialog = (await client.get("/cases/c1/dialogs/finding?key=aspiration")).text
        assert "吸空气" in dialog
        assert 'name="content.details.severe"' in dialog
        content = said("aspiration", "yes", details={"severe": "no"}, at_us=NOW_US - MINUTE_US)
        answer = await client.put(f"{C}/items/finding:aspiration", json={"after": 0, "content": content})
        assert answer.status_code == 200
        page = (await client.get("/cases/c1")).text
        assert "/cases/c1/items/finding:aspiration" in page
        assert "/cases/c1/dialogs/finding?key=aspiration" not in page
        item = (await client.get("/cases/c1/items/finding:aspiration")).text
    assert '<option value="yes" selected>' in item
    assert '<option value="no" selected>' in item
    assert hospital.desk.case("c1").findings == [
        Finding(key="aspiration", value="yes", details={"severe": "no"}, at_us=NOW_US - MINUTE_US)
    ]


async def test_a_time_that_nobody_says_stays_unsaid_and_the_dialog_says_so() -> None:
    hospital = Hospital()
    hospital.opened()
    async with hospital.client("anaesthetist") as client:
        dialog = (await client.get("/cases/c1/dialogs/finding?key=arrest")).text
        assert 'When it happened (empty: not known)<input type="datetime-local" name="content.at_us"' in dialog
        asked = {"after": 0, "content": said("arrest", "yes")}
        assert (await client.put(f"{C}/items/finding:arrest", json=asked)).status_code == 200
    assert hospital.desk.case("c1").findings == [Finding(key="arrest", value="yes", at_us=None)]


@pytest.mark.parametrize("account", ["surgeon", "or_nurse"])
async def test_who_may_not_state_findings_is_not_offered_them(account: str) -> None:
    hospital = Hospital()
    hospital.opened()
    async with hospital.client(account) as client:
        assert "dialogs/finding" not in (await client.get("/cases/c1")).text
        asked = {"after": 0, "content": said("arrest", "yes")}
        assert (await client.put(f"{C}/items/finding:arrest", json=asked)).status_code == 403


async def test_warming_begins_with_a_tap_and_is_asked_about_until_it_is_stopped() -> None:
    hospital = Hospital()
    hospital.recorded()
    warming = {"kind": "warming", "device": "forced_air", "start_us": NOW_US - 30 * MINUTE_US}
    async with hospital.client("anaesthetist") as client:
        page = (await client.get("/records/c1/d1")).text
        assert '"kind": "warming", "device": "forced_air"' in page
        assert (await client.put(f"{R}/items/w1", json={"after": 0, "content": warming})).status_code == 200
        assert "Forced air" in (await client.get("/records/c1/d1/dialogs/sign")).text
        ended = {**warming, "end_us": NOW_US, "set_c": 43.0}
        assert (await client.put(f"{R}/items/w1", json={"after": 1, "content": ended})).status_code == 200
        assert "Forced air" not in (await client.get("/records/c1/d1/dialogs/sign")).text
        record = (await client.get("/records/c1/d1")).text
    assert "Forced air 43 °C 13:48–14:18" in record
    (item,) = [i for i in hospital.desk.case("c1").documents["d1"].items.values() if isinstance(i.content, Warming)]
    assert not item.edited


async def test_a_temperature_of_ones_own_keeps_where_it_was_measured() -> None:
    hospital = Hospital()
    hospital.recorded()
    mark = NOW_US // STEP_US * STEP_US
    charted = {
        "kind": "charted", "signal": "temp", "mark_us": mark, "time_us": mark, "value": 35.8, "unit": "Cel",
        "site": "infrared",
    }  # fmt: skip
    item = cell_item("temp", mark)
    async with hospital.client("anaesthetist", "zh") as client:
        assert (await client.put(f"{R}/items/{item}", json={"after": 0, "content": charted})).status_code == 200
        dialog = (await client.get(f"/records/c1/d1/items/{item}")).text
    assert '<option value="infrared" selected>红外（耳、额）</option>' in dialog
    assert 'value="skin"' not in dialog
    content = hospital.desk.case("c1").documents["d1"].items[item].content
    assert isinstance(content, Charted)
    assert content.site == "infrared"
