"""The libraries' page tells what leads where, and takes a new version of a mapping whole or not at all."""

from tests.charting.web.hospital import Hospital

HEAD = "source,target,valid_from,valid_to\n"
BETWEEN = "/api/mappings/procedures-procedures_insurance"


async def test_what_leads_nowhere_and_what_has_several_is_told() -> None:
    hospital = Hospital()
    async with hospital.client("head", "zh") as client:
        (told,) = (await client.get("/api/mappings")).json()
        page = (await client.get("/libraries")).text
    procedures = hospital.libraries.current("procedures")
    assert procedures is not None
    assert (told["single"], told["choices"]) == (7, 1)
    assert told["unmapped"] == len(procedures.codings) - 8
    for said in ("编码对照", "procedures → procedures_insurance", "39.5100", "动脉瘤夹闭术", "53.0200"):
        assert said in page


async def test_a_new_version_counts_at_once_and_a_bad_one_not_at_all() -> None:
    hospital = Hospital()
    async with hospital.client("head", "en") as client:
        bad = await client.post(BETWEEN, json={"version": "2027", "csv": f"{HEAD}51.2300,51.2300,2027,\n"})
        assert (bad.status_code, "line 2: valid_from: expected a date" in bad.text) == (422, True)
        good = await client.post(BETWEEN, json={"version": "2027", "csv": f"{HEAD}51.2300,47.0900,,\n39.5100,x<y,,\n"})
        assert (good.status_code, good.json()["version"], good.json()["single"]) == (201, "2027", 1)
        page = (await client.get("/libraries")).text
        assert ("x&lt;y" in page, "x<y" in page) == (True, False)
        again = await client.post(BETWEEN, json={"version": "2027", "csv": f"{HEAD}51.2300,51.2200,,\n"})
        assert (again.status_code, "says something else" in again.text) == (422, True)
    pages = hospital.exchange.front_pages
    assert pages is not None
    assert [term.code for term in pages.insurance("51.2300", "2027-01-01")] == ["47.0900"]
