"""From the release before to this version and back, with a case open across it: real daemons, devices, store, charting.

What devices said is told by their simulators. systemd is played by the test, which starts what its units start.
"""

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from collector.transport.net import free_port
from collector.update.gate import Look, look
from collector.verify.bed import Bed, at_bed
from collector.verify.scratch import Scratch
from collector.verify.setting import SHORT, Setting
from collector.verify.verdict import result_of
from tests.system.charting import Charting
from tests.timescale import database as new_database
from tests.update.release import previous, program_of, program_of_now

PASSWORD = "a long enough phrase"
BED = "VERIFY-update-1"
THIS = "this.version"
PATIENCE_S = 60.0
LOOK_S = 0.25
"""Between looks: they cost the bed, the service and the server more than the test."""
FLOWS_US = 2_000_000
"""So long data come before the next change."""
EXEC = "import os, sys; os.execv(sys.argv[1], [sys.argv[1], 'bed', sys.argv[2]])"
SYSTEMCTL = """#!{python} -IS
import socket, sys
with socket.socket(socket.AF_UNIX) as there:
    there.connect({place!r})
    there.sendall(" ".join(sys.argv[1:]).encode() + b"\\n")
    status, _, said = there.makefile().read().partition("\\n")
print(said, end="")
sys.exit(int(status))
"""


@dataclass(frozen=True)
class Site:
    """slots: as under /opt/vitalsd, with the release before in slot a and this version as the package."""

    folder: Path
    slots: Path
    dsn: str
    old: str

    def run(self, slot: str, *arguments: str | Path, text: str = "") -> str:
        """A command of the program in a slot, which ends well."""
        command = [self.slots / slot / "bin" / "vitalsd", *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def deliver(self) -> None:
        (self.slots / "package.ready").touch()

    async def update(self, bed: Bed, *options: str) -> str:
        """What the updater of the package says, as its unit runs it."""
        config = bed.folder / "update.toml"
        config.write_text(
            f'[update]\nwindow = "00:00-23:59:59"\ngate_minutes = 0.5\nslots = "{self.slots}"\n'
            f'state = "{self.folder}/state"\n',
            encoding="utf-8",
        )
        process = await asyncio.create_subprocess_exec(
            *(str(self.slots / "package" / "bin" / "vitalsd"), "update", str(config), *options),
            stdout=subprocess.PIPE,
            env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"},
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out
        return out.decode()

    @property
    def current(self) -> str:
        return str((self.slots / "current").readlink())


@pytest.fixture
def site(tmp_path: Path, timescale: str) -> Iterator[Site]:
    old, commit = previous()
    slots = tmp_path / "opt"
    program_of(commit, slots / "a")
    program_of_now(slots / "package", THIS)
    (slots / "current").symlink_to("a")
    with new_database(timescale) as dsn:
        found = Site(folder=tmp_path, slots=slots, dsn=dsn, old=old)
        found.deliver()
        found.run("a", "migrate", dsn)
        account = "account", dsn, "add", "zhang", "--name", "张医师", "--role", "anaesthetist"
        found.run("a", *account, text=f"{PASSWORD}\n{PASSWORD}\n")
        yield found


@asynccontextmanager
async def systemd(site: Site, bed: Bed) -> AsyncIterator[None]:
    """Restarts the bed when systemctl asks for it, and answers when it is ready."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        verb, _ = (await reader.readline()).decode().split()
        if verb == "restart":
            await bed.stop()
            await bed.start()
            await until(lambda: seen(bed) is not None)
        writer.write(b"0\nactive\n" if verb == "is-active" else b"0\n")
        writer.close()

    place, script = str(site.folder / "systemd"), site.folder / "systemctl"
    script.write_text(SYSTEMCTL.format(python=sys.executable, place=place), encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    server = await asyncio.start_unix_server(serve, place)
    async with server:
        yield


@contextmanager
def charting(site: Site, slot: str) -> Iterator[Callable[[], Charting]]:
    """The department's service of a slot; gives a signed-in account as soon as it is up."""
    port, file = free_port(socket.SOCK_STREAM), site.folder / "charting.toml"
    file.write_text(
        f'[charting]\nlisten = "127.0.0.1:{port}"\ndatabase = "{site.dsn}"\nsite = "医院"\n'
        f'beds = [{{ id = "{BED}" }}]\n',
        encoding="utf-8",
    )
    process = subprocess.Popen([site.slots / slot / "bin" / "vitalsd", "charting", file], stderr=subprocess.PIPE)

    def up() -> Charting:
        end_s = time.monotonic() + PATIENCE_S
        while True:
            assert process.poll() is None, process.communicate()[1]
            try:
                return Charting(f"http://127.0.0.1:{port}/", "zhang", PASSWORD)
            except OSError:
                assert time.monotonic() < end_s
                time.sleep(LOOK_S)

    try:
        yield up
    finally:
        process.terminate()
        process.communicate()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(true):
            await asyncio.sleep(LOOK_S)


def seen(bed: Bed) -> Look | None:
    return look(("127.0.0.1", bed.metrics_port))


async def well(bed: Bed) -> Look:
    """What it tells as soon as all of its devices are received."""
    found: list[Look] = []

    def is_well() -> bool:
        now = seen(bed)
        if now is not None and len(now.receiving) == len(bed.simulators.devices):
            found.append(now)
        return bool(found)

    await until(is_well)
    return found[0]


async def flows(bed: Bed) -> None:
    """Every device is heard, and goes on to be."""
    assert await bed.heard()
    since_us = bed.simulators.absences[-1].seen_us
    names = {device.name for device in bed.simulators.devices}
    await until(lambda: names <= {r.series.device for r in bed.latest() if r.time_us > since_us + FLOWS_US})


async def told_in_charting(of: Charting, bed: Bed) -> Sequence[str]:
    """Cases that are open at the bed, as soon as charting has what its present daemon has told."""
    since_us = bed.simulators.absences[-1].seen_us

    def now() -> dict[str, Any]:
        (bed,) = of.get("/api/beds")
        return dict(bed)

    await until(lambda: (now()["last_us"] or 0) > since_us)
    return [case["case"] for case in now()["cases"]]


@pytest.mark.timeout(480)
async def test_to_this_version_and_back_during_a_case(site: Site) -> None:
    scratch = Scratch(site.folder, "update", site.dsn, "")
    setting = Setting(scratch=scratch, config=None, extent=SHORT, stop=asyncio.Event())
    run = "-c", EXEC, str(site.slots / "current" / "bin" / "vitalsd")
    with charting(site, "a") as up:
        async with at_bed(setting, setting.folder("bed"), run=run) as bed, systemd(site, bed):
            old = await asyncio.to_thread(up)
            patient = {"kind": "patient", "name": "王小明", "sex": "male"}
            at_us = time.time_ns() // 1_000
            opened = old.post("/api/cases", {"bed": BED, "area": "or", "patient": patient, "at_us": at_us})["case"]
            before = await well(bed)
            assert (before.version, len(before.receiving)) == (site.old, 3)

            # While a case is open: nothing by itself.
            await until(lambda: (seen(bed) or before).occupied == (BED,))
            assert f"a case is open at {BED}" in await site.update(bed)
            assert (site.current, bed.simulators.absences[1:]) == ("a", [])

            assert await site.update(bed, "--attended") == f"updated to {THIS}\n"
            now = await well(bed)
            assert (now.version, now.slot, now.receiving) == (THIS, "b", before.receiving)
            await flows(bed)
            assert await told_in_charting(old, bed) == [opened]

            # The server follows.
            await asyncio.to_thread(site.run, "package", "migrate", site.dsn)
            with charting(site, "current") as up_again:
                await until(lambda: (seen(bed) or before).occupied == (BED,))
                (site.slots / "package" / "newer").touch()
                assert f"a case is open at {BED}" in await site.update(bed)
                assert site.current == "b"

                assert "by hand" in await site.update(bed, "--back")
                now = await well(bed)
                assert (site.current, now.version, now.receiving) == ("a", site.old, before.receiving)
                await flows(bed)
                new = await asyncio.to_thread(up_again)
                assert await told_in_charting(new, bed) == [opened]
        assert json.loads((site.folder / "state" / "state.json").read_text(encoding="utf-8"))["last"]["returned"]
        result = await result_of(setting, bed, "update", "nothing is lost", 2)
    assert len(bed.simulators.absences) == 4  # before its first start, two restarts, its end
    assert result.judged is not None
    assert result.judged > 1_000
    assert (result.found.lost, result.found.duplicated, result.found.invented) == (0, 0, 0), result.broken
    assert (bed.broken, scratch.parked()) == ([], 0)
