"""The audit trail as people see it: the newest first, checked whole while everybody else goes on."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event

import pytest

from charting.web.verifying import Verifying
from collector.errors import VitalsdError
from tests.charting.web.hospital import Hospital


def seqs(page: str) -> list[int]:
    return [int(n) for n in re.findall(r'<td class="n">(\d+)</td>', page)]


async def test_the_newest_entries_come_first_and_all_can_be_reached() -> None:
    hospital = Hospital()
    hospital.recorded()
    for n in range(450):
        hospital.desk.printed(hospital.actor("head"), "c1", document="d1") if n % 2 else hospital.opened(
            f"c{n}", bed="OR-04", emergency=True
        )
    async with hospital.client("quality") as client:
        last = hospital.trail.last()
        for path, wanted in (
            ("/audit", [*range(last, 0, -1)]),
            ("/audit?case=c1", [e.seq for e in reversed(hospital.trail.entries("c1"))]),
        ):
            found: list[int] = []
            said = (await client.get(path)).text
            while True:
                found += seqs(said)
                older = re.search(r'class="button" href="(\?before=[^"]+)"', said)
                if older is None:
                    break
                said = (await client.get("/audit" + older[1].replace("&amp;", "&"))).text
            assert found == wanted


def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a check waits for its end."""
    monkeypatch.setattr(Verifying.ask, "__kwdefaults__", {"wait_s": 60.0})


async def test_a_long_check_is_told_while_it_runs_and_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = Hospital()
    hospital.recorded()
    begun, go_on = Event(), Event()

    def slow(progress: Callable[[int], None]) -> Sequence[str]:
        progress(3)
        begun.set()
        go_on.wait(60)
        return ["entry 2 is not what was written, or what stood before it is not"]

    verifying = Verifying(slow, hospital.trail.last, hospital.stop.is_set)
    assert verifying.ask(anew=True, wait_s=0.05).running
    assert begun.wait(60)
    hospital.app.state.department = replace(hospital.department, verifying=verifying)
    async with hospital.client("quality") as client, hospital.client("head") as other:
        checking = asyncio.create_task(client.get("/api/audit/verification"))
        assert (await other.get("/api/cases/c1")).status_code == 200
        said = (await checking).json()
        assert (said["running"], said["whole"], said["entries"], said["breaks"]) == (True, None, 3, [])
        assert 'http-equiv="refresh"' in (await client.get("/audit?verify=go_on")).text
        patient(monkeypatch)
        go_on.set()
        said = (await client.get("/api/audit/verification?anew=false")).json()
        assert (said["running"], said["whole"], len(said["breaks"])) == (False, False, 1)
        assert "entry 2 is not what was written" in (await client.get("/audit?verify=go_on")).text


async def test_a_check_that_cannot_go_on_says_so_and_can_be_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    patient(monkeypatch)
    hospital = Hospital()
    away = [True]

    def verify(progress: Callable[[int], None]) -> Sequence[str]:
        progress(0)
        if away[0]:
            raise VitalsdError("away")
        return []

    verifying = Verifying(verify, hospital.trail.last, hospital.stop.is_set)
    hospital.app.state.department = replace(hospital.department, verifying=verifying)
    async with hospital.client("head") as client:
        assert (await client.get("/api/audit/verification")).status_code == 503
        away.clear()
        away.append(False)
        assert (await client.get("/api/audit/verification")).json()["whole"]
