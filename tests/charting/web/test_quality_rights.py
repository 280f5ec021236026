"""Who may see numbers, lists, sheets, and who may change what they stand on: each role against each way."""

from collections.abc import Iterator
from typing import Any

import pytest

from charting.accounts.actor import ROLES
from charting.trail.entries import Denied
from tests.charting.web.counted import CASE, MONTH, counted, suggest
from tests.charting.web.hospital import Hospital

NUMBERS = "anaesthetist head quality"
OUTSIDE = "head quality"
Q = f"period={MONTH}"
FINDING = {"after": 0, "content": {"kind": "finding", "key": "aspiration", "value": "no"}}

TABLE: list[tuple[str, str, Any, str]] = [
    ("GET", f"/quality?{Q}", None, NUMBERS),
    ("GET", f"/quality/temperature?{Q}", None, NUMBERS),
    ("GET", f"/quality/temperature/cases?{Q}&fact=monitoring&value=continuous", None, NUMBERS),
    ("GET", f"/quality/AQI-IHT-10?{Q}&side=denominator", None, NUMBERS),
    ("GET", f"/quality/cases/{CASE}", None, NUMBERS),
    ("GET", f"/quality/candidates?{Q}", None, NUMBERS),
    ("GET", "/quality/figures", None, NUMBERS),
    ("GET", "/quality/frozen", None, NUMBERS),
    ("GET", f"/api/quality?{Q}", None, NUMBERS),
    ("GET", "/api/quality/indicators", None, NUMBERS),
    ("GET", f"/api/quality/indicators/AQI-IHT-10/members?{Q}&side=denominator", None, NUMBERS),
    ("GET", f"/api/quality/cases/{CASE}", None, NUMBERS),
    ("GET", f"/api/quality/candidates?{Q}", None, NUMBERS),
    ("GET", "/api/quality/figures?year=2026", None, NUMBERS),
    ("GET", "/api/quality/frozen", None, NUMBERS),
    ("GET", f"/api/quality/temperature?{Q}", None, NUMBERS),
    ("GET", f"/api/quality/report.pdf?{Q}", None, NUMBERS),
    ("GET", f"/api/quality/report.xlsx?{Q}&edition=icu", None, NUMBERS),
    ("PUT", f"/api/cases/{CASE}/items/finding:aspiration", FINDING,
     "anaesthetist pacu_nurse icu_nurse head quality"),
    ("PUT", "/api/quality/figures/anaesthesia_nurses/2026", {"value": 7}, OUTSIDE),
    ("POST", "/api/quality/frozen", {"period": MONTH}, OUTSIDE),
]  # fmt: skip


@pytest.fixture(scope="module")
def looked_at() -> Hospital:
    """Nothing of it changes but that attempts are kept."""
    made = counted()
    suggest(made)
    return made


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_sees_and_changes_what_it_may_and_nothing_else(looked_at: Hospital, role: str) -> None:
    for hospital, rows in _parted(looked_at, role):
        async with hospital.client(role) as client:
            for method, path, body, allowed in rows:
                before = hospital.trail.last()
                answer = await client.request(method, path, json=body)
                done = [type(e.body) for e in hospital.trail.all(before)]
                if role in allowed.split():
                    assert answer.status_code in {200, 201}, (path, answer.text)
                    assert Denied not in done
                    assert bool(done) is (method != "GET"), path
                else:
                    assert answer.status_code == 403, path
                    assert done == [Denied], path
                    for secret in ("患者", "10000006"):
                        assert secret not in answer.text


def _parted(looked_at: Hospital, role: str) -> Iterator[tuple[Hospital, list[tuple[str, str, Any, str]]]]:
    """What the role may change is done to a hospital of its own."""
    changes = [row for row in TABLE if row[0] != "GET" and role in row[3].split()]
    yield looked_at, [row for row in TABLE if row not in changes]
    if changes:
        own = counted()
        suggest(own)
        yield own, changes


@pytest.mark.parametrize("role", ROLES)
async def test_the_way_there_is_offered_to_who_may_go_it(looked_at: Hospital, role: str) -> None:
    async with looked_at.client(role) as client:
        front = (await client.get("/", follow_redirects=True)).text
        assert ('href="/quality"' in front) is (role in NUMBERS.split())
        if role in NUMBERS.split():
            page = (await client.get(f"/quality?{Q}")).text
            assert ('data-show="freeze"' in page) is (role in OUTSIDE.split())
            figures = (await client.get("/quality/figures")).text
            assert ("disabled" in figures) is (role not in OUTSIDE.split())


async def test_nobody_who_is_not_signed_in_learns_a_number(looked_at: Hospital) -> None:
    async with looked_at.client() as client:
        for method, path, body, _ in TABLE:
            answer = await client.request(method, path, json=body)
            assert answer.status_code in {303, 401, 403}, path
            assert "AQI" not in answer.text
