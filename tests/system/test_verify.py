"""`vitalsd verify`: nothing lost, nothing twice, and nothing left behind."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from collector.verify.run import FAULTS
from tests.store.delivering import until
from tests.system.command import run, start
from tests.verify.owning import owner

DEVICES = {
    "ge-datex-dri": ("serial:///dev/no-such-monitor", 'sites = { T1 = "nasopharynx" }\noptions = { interval_s = 5 }'),
    "philips-intellivue": ("udp://192.0.2.17", ""),
    "draeger-medibus": ("serial:///dev/no-such-ventilator?baud=38400", ""),
}


@pytest.fixture
def dsn(timescale: str) -> Iterator[str]:
    """Of somebody of whom nothing is left afterwards."""
    with owner(timescale) as own:
        yield own


@pytest.fixture
def config(tmp_path: Path, dsn: str) -> Path:
    devices = "".join(
        f'[[device]]\nname = "{name}"\ndriver = "{name}"\nport = "{port}"\n{more}\n'
        for name, (port, more) in DEVICES.items()
    )
    path = tmp_path / "bed.toml"
    path.write_text(
        f'[bed]\nid = "OR-9"\n{devices}[journal]\npath = "{tmp_path}/journal.db"\n[timescale]\ndsn = "{dsn}"\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where scratch folders are made; afterwards nothing is left of them."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "journal.db").exists()


def judged(text: str) -> dict[str, dict[str, Any]]:
    report = json.loads(text)
    assert [fault["name"] for fault in report["faults"]] == [fault.name for fault in FAULTS]
    assert (report["held"], report["interrupted"], report["parked"]) == (True, False, 0)
    for fault in report["faults"]:
        assert (fault["lost"], fault["duplicated"], fault["invented"]) == (0, 0, 0), fault
        assert (fault["recovered"], fault["broken"], fault["not_tried"], fault["held"]) == (True, [], None, True), fault
        assert fault["tried"] > 0
        assert min(fault["compared"], fault["judged"]) > 100
    return {fault["name"]: fault for fault in report["faults"]}


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("scratch")
def test_every_promise_is_held_in_short(config: Path) -> None:
    done = run("verify", config, "--short", "--json", timeout_s=580)
    assert done.returncode == 0, done.stdout + done.stderr
    faults = judged(done.stdout)
    assert "unjournaled_values_ms" in faults["kill-daemon"]
    assert faults["outage"]["values"] == 36_000


@pytest.mark.soak
@pytest.mark.timeout(5_400)
@pytest.mark.usefixtures("scratch")
def test_every_promise_is_held_at_length(config: Path) -> None:
    done = run("verify", config, "--json", timeout_s=5_300)
    assert done.returncode == 0, done.stdout + done.stderr
    faults = judged(done.stdout)
    assert faults["kill-daemon"]["tried"] + faults["kill-sink"]["tried"] >= 200
    assert faults["sink-cut"]["tried"] >= 20
    assert faults["proxy-chaos"]["tried"] >= 500
    assert faults["outage"]["values"] >= 15_500_000


@pytest.mark.timeout(300)
def test_ctrl_c_tells_what_was_tried_and_removes_scratch(config: Path, scratch: Path) -> None:
    process = start("verify", config, "--json")
    until(lambda: any(scratch.glob("*/kill-sink/journal.db")), "the first fault")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 1, err
    report = json.loads(out)
    assert (report["held"], report["interrupted"]) == (False, True)
    first, *others = report["faults"]
    assert (first["name"], first["lost"], first["duplicated"], first["not_tried"]) == ("kill-sink", 0, 0, None)
    assert all("interrupted" in fault["not_tried"] for fault in others)


def test_without_a_database_nothing_counts_as_tried(config: Path, scratch: Path, dsn: str) -> None:
    del scratch
    port = conninfo_to_dict(dsn)["port"]
    config.write_text(config.read_text("utf-8").replace(f"port={port}", "port=1"), encoding="utf-8")
    done = run("verify", config, "--short")
    assert done.returncode == 1
    assert "NOT TRIED: the scratch database cannot be created" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("NOT TRIED: kill-sink, kill-daemon")


def test_the_command_has_help_and_names_a_file_that_is_not_there() -> None:
    assert "vitalsd verify" in run("verify", "--help").stdout
    done = run("verify", "/no/such.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "/no/such.toml: No such file or directory" in done.stderr
