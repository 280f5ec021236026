"""The contract of the command line: what is printed where, and the exit status."""

import json
from pathlib import Path

import pytest

from tests.system.command import run

DRI_REQUEST = (
    "7e 31 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "00 00 00 00 01 0a 00 0e 00 00 00 00 00 49 7e"
)
BED = (
    '[bed]\nid = "OR-1"\n[[device]]\nname = "m"\ndriver = "{driver}"\nport = "{port}"\n[journal]\npath = "{journal}"\n'
)


@pytest.mark.parametrize(
    "command",
    ["demo", "bed", "check", "decode", "simulate", "devices", "export", "journal", "migrate", "audit", "account"],
)
def test_every_command_has_help(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"vitalsd {command}" in done.stdout


def test_the_version_is_told() -> None:
    assert run("--version").stdout.startswith("vitalsd 0.")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("decode", "no-such-driver", "/dev/null"), "no driver 'no-such-driver': there are alaris"),
        (("decode", "ge-datex-dri", "/no/such/file"), "/no/such/file: No such file or directory"),
        (("check", "/no/such.toml"), "/no/such.toml: No such file or directory"),
        (("bed", "/no/such.toml"), "/no/such.toml: No such file or directory"),
        (("simulate", "ge-datex-dri"), "give exactly one of --serial, --pty, --listen and --connect"),
        (("simulate", "ge-datex-dri", "--listen", "127.0.0.1:1"), "ge-datex-dri has no such line: use --pty LINK"),
        (("simulate", "ge-datex-dri", "--pty", "/no/such/link"), "cannot make /no/such/link"),
        (("simulate", "ge-datex-dri", "--serial", "/dev/no-such"), "/dev/no-such is not there"),
        (("simulate", "ge-datex-dri", "--pty", "/tmp/x", "--scenario", "magic"), "no scenario 'magic'"),
        (("simulate", "ge-datex-dri", "--pty", "/tmp/x", "--scenario", "wfdb:/no/such"), "/no/such.hea: No such file"),
        (("demo", "--devices", "toaster"), "no driver 'toaster'"),
        (("demo", "--devices", ","), "--devices names no driver"),
        (("demo", "--keep", "/dev/null/x"), "--keep /dev/null/x: Not a directory"),
        (("migrate", "sqlite:////no/such/x.db"), "/no/such/x.db: No such file or directory"),
        (("migrate", "sqlite:///x.db", "--keep-waves", "30"), "x.db: only a server's store drops what is old"),
        (("migrate", "host=x", "--keep-values", "0"), "--keep-values: expected a number of days from 1 to 36500, or"),
        (("migrate", "host=x", "--keep-waves", "ever"), "--keep-waves: expected a number of days from 1 to 36500, or"),
        (("migrate", "host = = x"), "not a DSN: expected a libpq string"),
        (("migrate", "host=127.0.0.1 port=1 user=x dbname=x connect_timeout=2"), "127.0.0.1"),
        (("no-such-command",), "No such command"),
        (("demo", "--port", "99999"), "--port"),
    ],
)  # fmt: skip
def test_a_mistake_is_exit_status_2_with_a_reason_and_no_traceback(arguments: tuple[str, ...], reason: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_every_mistake_of_a_config_is_listed(tmp_path: Path) -> None:
    file = tmp_path / "bed.toml"
    file.write_text(BED.format(driver="toaster", port="carrier-pigeon://x", journal="relative"), encoding="utf-8")
    for command in ("check", "bed"):
        done = run(command, file)
        assert done.returncode == 2
        for key in ("device[0].driver", "device[0].port", "journal.path"):
            assert f"vitalsd: {file}: {key}: " in done.stderr


def test_a_good_config_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "bed.toml"
    file.write_text(BED.format(driver="ge-datex-dri", port="serial:///dev/x", journal="/x/j.db"), encoding="utf-8")
    assert run("check", file).stdout == f"{file}: good: bed OR-1, 1 device\n"


def test_decode_prints_json_lines_and_a_summary_last_on_stderr(tmp_path: Path) -> None:
    file = tmp_path / "x.hex"
    file.write_text(f"# a host's request and garbage\n> {DRI_REQUEST}\n< 7e 01 02 7e\n", encoding="utf-8")
    done = run("decode", "ge-datex-dri", file)
    assert done.returncode == 0
    (rejected,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert rejected["kind"] == "rejected"
    assert set(rejected) == {"kind", "offset", "length", "reason"}
    assert json.loads(done.stderr.splitlines()[-1]) == {
        "frames": 0, "rejected": 1, "observations": 0, "waveform_samples": 0, "unmapped": 0,
    }  # fmt: skip


def test_devices_lists_every_driver_with_its_evidence() -> None:
    listed = json.loads(run("devices", "--json").stdout)
    assert {"ge-datex-dri", "philips-intellivue", "draeger-medibus"} <= {one["driver"] for one in listed}
    levels = {"real capture", "vendor document", "other implementation", "assumed"}
    assert all(model["evidence"] in levels for one in listed for model in one["models"])
    text = run("devices").stdout
    assert all(one["driver"] in text for one in listed)
