"""The units are sound and closed, in the eyes of this machine's systemd."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.units import FILES, SERVICES, Analyze, check_exposure, check_sound

DELIVERED = Path("usr/lib/systemd/system")


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with our units, systemd's targets, and something in the place of each program."""
    root = tmp_path_factory.mktemp("staged")
    units = root / DELIVERED
    units.mkdir(parents=True)
    for file in [*FILES, *Path("/", DELIVERED).glob("*.target"), *Path("/lib/systemd/system").glob("*.target")]:
        shutil.copy(file, units)
    for slot in ("current", "package"):
        program = root / "opt/vitalsd" / slot / "bin/vitalsd"
        program.parent.mkdir(parents=True)
        program.touch(mode=0o755)
    return root


@pytest.fixture(scope="module")
def analyze(staged: Path) -> Analyze:
    def ask(command: str, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            ["systemd-analyze", command, f"--root={staged}", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    return ask


def test_units_are_sound(analyze: Analyze) -> None:
    check_sound(analyze)


def test_services_are_closed(analyze: Analyze) -> None:
    check_exposure(analyze)


def test_what_is_not_sound_is_noticed(analyze: Analyze, staged: Path) -> None:
    unit = staged / DELIVERED / "vitalsd-charting.service"
    good = unit.read_text(encoding="utf-8")
    try:
        unit.write_text(good.replace("Restart=always", "Restart=allways"), encoding="utf-8")
        with pytest.raises(AssertionError, match="allways"):
            check_sound(analyze)
        unit.write_text(re.sub("(?m)^(Protect|Restrict|Private).*", "", good), encoding="utf-8")
        with pytest.raises(AssertionError, match="ProtectSystem"):
            check_exposure(analyze)
    finally:
        unit.write_text(good, encoding="utf-8")


def settings(unit: str) -> Iterator[tuple[str, str]]:
    text = Path("systemd", unit.replace("@OR-03.", "@.")).read_text(encoding="utf-8")
    yield from re.findall(r"(?m)^([A-Za-z]+)=(.*)$", text)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_nowhere_but_where_its_state_is(service: str) -> None:
    found = dict(settings(service))
    assert found["ProtectSystem"] == "strict"
    assert found["CapabilityBoundingSet"] == ""
    places = {found[key] for key in ("StateDirectory", "ReadWritePaths") if key in found}
    assert (
        places
        <= {
            "vitalsd@OR-03.service": {"vitalsd/%i"},
            "vitalsd-charting.service": {"vitalsd"},
            "vitalsd-backup.service": {"vitalsd", "/var/backups/vitalsd"},
            "vitalsd-inspect.service": {"vitalsd"},
            "vitalsd-update.service": {"vitalsd-update", "/opt/vitalsd"},
        }[service]
    )
    assert ("User", "vitalsd") in settings(service) or service == "vitalsd-update.service"


@pytest.mark.parametrize("service", SERVICES)
def test_no_unit_holds_a_secret_or_an_environment(service: str) -> None:
    assert not [key for key, _ in settings(service) if key.startswith(("Environment", "SetCredential", "PassEnv"))]


def test_at_boot_the_updater_comes_after_the_beds() -> None:
    (target,) = (value for key, value in settings("vitalsd@OR-03.service") if key == "WantedBy")
    assert ("After", target) in settings("vitalsd-update.service")


def test_a_bed_is_tried_for_ever() -> None:
    found = dict(settings("vitalsd@OR-03.service"))
    assert (found["Type"], found["Restart"], found["StartLimitIntervalSec"]) == ("notify", "always", "0")
    assert int(found["WatchdogSec"]) <= 30
    assert "network-online.target" not in found["After"]
