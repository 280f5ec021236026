"""The package in a Debian 12 and a Debian 13 of its own: built, installed, run by that release's systemd, removed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.install.adapters import Adapter, names
from tests.install.machine import SUITES, Machine, base, inside, machine, unpack
from tests.install.package import build, field, newer
from tests.install.units import check_exposure, check_sound
from tests.timescale import cache

pytestmark = [pytest.mark.roots, pytest.mark.timeout(900)]

NEW = "99.0.0"
PYTHONS = {"bookworm": "python3.11", "trixie": "python3.13"}
BED = """
[bed]
id = "OR-03"

[[device]]
name = "monitor"
driver = "masimo"
port = "serial:///dev/monitor"

[[device]]
name = "unplugged"
driver = "nonin"
port = "serial:///dev/ttyUSB9"

[journal]
path = "/var/lib/vitalsd/OR-03/journal.db"
keep = "all"

[metrics]
listen = "127.0.0.1:9182"

[page]
listen = "127.0.0.1:8081"
"""
CHARTING = """
[charting]
listen = "127.0.0.1:8443"
database = "sqlite:////var/lib/vitalsd/charting.db"
site = "Example"
beds = [{ id = "OR-03", journal = "/var/lib/vitalsd/OR-03/journal.db" }]

[backup]
folder = "/var/backups/vitalsd"
"""
DROP_IN = "etc/systemd/system/vitalsd@.service.d"
UPDATE = """
[update]
window = "02:00-05:00"
gate_minutes = 0.5
"""
GET = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    suite: str
    package: Path
    newer: Path
    root: Path
    machine: Machine

    def get(self, url: str) -> str:
        return self.machine.until(f"/opt/vitalsd/package/bin/python -c '{GET}' {url}")

    def write(self, place: str, text: str) -> None:
        file = self.root / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def shown(self, unit: str, what: str) -> str:
        return self.machine.run("systemctl", "show", "--property", what, "--value", unit).strip()


@pytest.fixture(scope="class")
def installed(request: pytest.FixtureRequest) -> Iterator[Installed]:
    """A machine on which the package was installed by apt, with nothing before but what every Debian has."""
    suite: str = request.cls.suite
    with ExitStack() as at_end:
        work = Path(tempfile.mkdtemp(prefix=f"{suite}-", dir=cache()))
        at_end.callback(shutil.rmtree, work)
        package = build(suite, work)
        root = work / "root"
        unpack(base(suite), root)
        shutil.copy(package, root / "tmp")
        inside(root, "apt-get", "-q", "update")
        inside(root, "apt-get", "-qy", "--no-install-recommends", "install", f"/tmp/{package.name}", "udev")
        yield Installed(
            suite=suite,
            package=package,
            newer=newer(package, NEW, work),
            root=root,
            machine=at_end.enter_context(machine(root)),
        )


@pytest.fixture
def bed(installed: Installed) -> Machine:
    """A bed that receives a monitor at a serial port."""
    one = installed.machine
    if one.try_("systemctl", "is-active", "vitalsd@OR-03").returncode:
        installed.write("etc/vitalsd/OR-03.toml", BED)
        installed.write("etc/credstore/vitalsd.OR-03.timescale-password", "of the test")
        one.run("systemd-run", "--unit=monitor", "vitalsd", "simulate", "masimo", "--pty", "/dev/monitor")
        one.until('port=$(readlink -e /dev/monitor) && chgrp dialout "$port" && chmod 660 "$port"')
        one.sh("[ -e /dev/ttyUSB9 ] || { mknod -m 660 /dev/ttyUSB9 c 188 9 && chgrp dialout /dev/ttyUSB9; }")
        one.run("systemctl", "enable", "--now", "vitalsd@OR-03")
    return one


class OnAMachine:
    """The tests of a release, which share a machine and follow each other."""

    suite: str

    def test_the_package_is_of_its_release(self, installed: Installed) -> None:
        assert installed.package.name.endswith(f"+{SUITES[installed.suite]}_amd64.deb")
        assert PYTHONS[installed.suite] in field(installed.package, "Depends").split(", ")
        python = installed.machine.run("readlink", "-f", "/opt/vitalsd/current/bin/python").strip()
        assert python == f"/usr/bin/{PYTHONS[installed.suite]}"
        assert installed.machine.run("dpkg", "--verify", "vitalsd") == ""
        assert installed.machine.run("readlink", "/opt/vitalsd/current") == "a\n"

    def test_every_import_is_there_but_those_of_extras_that_are_not_delivered(self, installed: Installed) -> None:
        shutil.copy(Path(__file__).with_name("imports.py"), installed.root / "root")
        site = f"/opt/vitalsd/package/lib/{PYTHONS[installed.suite]}/site-packages"
        told = installed.machine.run("/opt/vitalsd/package/bin/python", "/root/imports.py", site)
        assert told.split() == ["pyarrow", "ucumvert", "wfdb"]

    def test_nothing_is_enabled_but_the_updates_timer(self, installed: Installed) -> None:
        told = installed.machine.run(
            "systemctl", "list-unit-files", "--no-legend", "--state=enabled", "vitalsd*"
        )  # fmt: skip
        assert [line.split()[0] for line in told.splitlines()] == ["vitalsd-update.timer"]
        assert installed.shown("vitalsd-update.timer", "ActiveState") == "active"
        installed.machine.run("systemctl", "start", "vitalsd-update.service")
        assert installed.shown("vitalsd-update.service", "ConditionResult") == "no"

    def test_units_are_sound_and_closed(self, installed: Installed) -> None:
        def analyze(command: str, *arguments: str) -> tuple[int, str]:
            done = installed.machine.try_("systemd-analyze", command, *arguments)
            return done.returncode, done.stdout + done.stderr

        check_sound(analyze)
        check_exposure(analyze)

    def test_each_serial_port_has_a_name_that_no_other_has(self, installed: Installed) -> None:
        nameless = Adapter(socket="1", vendor="1a86", model="7523", driver="ch341", about={"product": "USB Serial"})
        about = {"manufacturer": "FTDI", "product": "FT232R", "serial": "A50285BI"}
        ftdi = Adapter(socket="4", vendor="0403", model="6001", driver="ftdi_sio", about=about)
        about = {"manufacturer": "Silicon Labs", "product": "CP2102", "serial": "0001"}
        silabs = Adapter(socket="5", vendor="10c4", model="ea60", driver="cp210x", about=about)
        quad = replace(ftdi, socket="7", model="6011", about={"product": "Quad"}, ports=2)
        given = [nameless, replace(nameless, socket="2.3"), ftdi, silabs, replace(silabs, socket="6"), quad]
        assert names(installed.root, given) == [
            {"path-pci-0000:00:14.0-usb-0:1:1.0-port0"},
            {"path-pci-0000:00:14.0-usb-0:2.3:1.0-port0"},
            {"usb-FTDI_FT232R_A50285BI-if00-port0"},
            {"path-pci-0000:00:14.0-usb-0:5:1.0-port0"},
            {"path-pci-0000:00:14.0-usb-0:6:1.0-port0"},
            {"path-pci-0000:00:14.0-usb-0:7:1.0-port0"},
            {"path-pci-0000:00:14.0-usb-0:7:1.0-port1"},
        ]

    def test_examples_are_good(self, installed: Installed) -> None:
        examples = "OR-03 FEED-ICU charting update"
        told = installed.machine.sh(
            f"cd /usr/share/doc/vitalsd/examples; for name in {examples}; do vitalsd check $name.toml; done"
        )
        assert told.count(": good: ") == 4

    def test_nothing_of_who_builds_is_in_it(self, installed: Installed) -> None:
        given = installed.machine.run("find", "/usr/share/doc/vitalsd/examples/server", "-printf", "%P\n").split()
        assert "compose.yaml" in given
        assert {file for file in given if file == ".env" or file.startswith("secrets")} == set()

    def test_a_bed_runs_closed_in(self, installed: Installed, bed: Machine) -> None:
        assert installed.shown("vitalsd@OR-03", "ActiveState") == "active"
        pid = installed.shown("vitalsd@OR-03", "MainPID")
        status = bed.run("cat", f"/proc/{pid}/status")
        bed.until(f"/opt/vitalsd/package/bin/python -c '{GET}' http://127.0.0.1:9182/metrics | grep -q "
                  "'vitalsd_frames_total.*monitor.* [1-9]'")  # fmt: skip
        metrics = installed.get("http://127.0.0.1:9182/metrics")
        assert 'slot="a"' in metrics
        assert "\nvitalsd_clock_error_seconds " in metrics, "the kernel's clock could not be asked"
        assert bed.run("stat", "-c", "%U %G", f"/proc/{pid}") == "vitalsd vitalsd\n"
        assert "CapBnd:\t0000000000000000" in status
        assert "Seccomp:\t2" in status
        listening = bed.sh("grep ' 0A ' /proc/net/tcp /proc/net/tcp6 | awk '{print $3}'").split()
        assert {place.partition(":")[0] for place in listening} == {"0100007F"}
        assert bed.run("cat", "/run/credentials/vitalsd@OR-03.service/timescale-password") == "of the test"

    def test_a_bed_writes_only_its_state(self, installed: Installed, bed: Machine) -> None:
        pid = installed.shown("vitalsd@OR-03", "MainPID")
        places = "/etc/vitalsd /opt/vitalsd /var/lib/vitalsd /var/lib/vitalsd/OR-03 /usr /var/tmp"
        told = bed.sh(f"for place in {places}; do nsenter -t {pid} -m touch $place/.try 2>&1 || true; done")
        assert [line.split("'")[1] for line in told.splitlines() if "Read-only file system" in line] == [
            f"{place}/.try" for place in ("/etc/vitalsd", "/opt/vitalsd", "/var/lib/vitalsd", "/usr")
        ]

    def test_a_bed_may_open_serial_adapters_before_their_driver_is_there(self, bed: Machine) -> None:
        told = bed.until("journalctl -o cat -u vitalsd@OR-03 | grep unplugged | grep -i -m1 lost")
        assert "No such device" in told, told

    def test_a_bed_that_hangs_or_dies_is_started_again(self, installed: Installed, bed: Machine) -> None:
        installed.write(f"{DROP_IN}/test.conf", "[Service]\nWatchdogSec=2\n")
        bed.sh("systemctl daemon-reload; systemctl restart vitalsd@OR-03")
        for signal in ("STOP", "KILL"):
            before = int(installed.shown("vitalsd@OR-03", "NRestarts"))
            bed.run("systemctl", "kill", "--kill-who=main", f"--signal={signal}", "vitalsd@OR-03")
            bed.until(
                f"[ $(systemctl show -P NRestarts vitalsd@OR-03) -gt {before} ] && systemctl -q is-active vitalsd@OR-03"
            )
        bed.sh(f"rm -r /{DROP_IN}; systemctl daemon-reload; systemctl restart vitalsd@OR-03")

    def test_the_charting_runs_is_backed_up_and_inspected(self, installed: Installed, bed: Machine) -> None:
        installed.write("etc/vitalsd/charting.toml", CHARTING)
        bed.run("systemctl", "enable", "--now", "vitalsd-charting")
        assert installed.get("http://127.0.0.1:8443/health")
        for service in ("backup", "inspect"):
            bed.run("systemctl", "start", f"vitalsd-{service}.service")
            assert installed.shown(f"vitalsd-{service}.service", "Result") == "success"
        assert bed.run("ls", "/var/backups/vitalsd")

    def test_an_upgrade_stages_and_the_updater_switches(self, installed: Installed, bed: Machine) -> None:
        pid = installed.shown("vitalsd@OR-03", "MainPID")
        shutil.copy(installed.newer, installed.root / "root/newer.deb")
        bed.run("dpkg", "--install", "/root/newer.deb")
        assert installed.shown("vitalsd@OR-03", "MainPID") == pid
        assert bed.run("readlink", "/opt/vitalsd/current") == "a\n"
        assert NEW not in bed.run("vitalsd", "--version")
        assert NEW in bed.run("/opt/vitalsd/package/bin/vitalsd", "--version")

        installed.write("etc/vitalsd/update.toml", UPDATE)
        program = "/opt/vitalsd/package/bin/vitalsd update /etc/vitalsd/update.toml"
        assert bed.run("systemctl", "show", "-P", "ExecStart", "vitalsd-update").count(f"argv[]={program} ;")
        now = f"[Service]\nExecStart=\nExecStart={program} --attended\n"
        installed.write("etc/systemd/system/vitalsd-update.service.d/now.conf", now)
        bed.run("systemctl", "daemon-reload")
        done = bed.try_("systemctl", "start", "vitalsd-update.service")
        assert done.returncode == 0, bed.failures()
        assert bed.run("readlink", "/opt/vitalsd/current") == "b\n"
        assert NEW in bed.run("vitalsd", "--version")
        assert installed.shown("vitalsd@OR-03", "MainPID") != pid
        assert f'version="{NEW}"' in installed.get("http://127.0.0.1:9182/metrics")

    def test_what_is_removed_leaves_no_slot_and_keeps_what_devices_said(self, bed: Machine) -> None:
        units = ["vitalsd@OR-03.service", "vitalsd-charting.service", "vitalsd-update.timer"]
        bed.run("dpkg", "--remove", "vitalsd")
        assert bed.try_("systemctl", "is-active", *units).stdout.split() == ["inactive"] * 3
        bed.run("dpkg", "--purge", "vitalsd")
        assert bed.try_("test", "-e", "/opt/vitalsd").returncode
        left = bed.sh("find /etc /usr /var -name '*vitalsd*' -prune").split()
        assert set(left) == {
            "/etc/vitalsd",
            "/etc/credstore/vitalsd.OR-03.timescale-password",
            "/etc/systemd/system/vitalsd-update.service.d",
            "/var/lib/vitalsd",
            "/var/backups/vitalsd",
        }
        assert bed.run("ls", "/var/lib/vitalsd").split() == ["OR-03", "charting.db"]
        assert bed.run("stat", "-c", "%s %U", "/var/lib/vitalsd/OR-03/journal.db").split()[1] == "vitalsd"


class TestBookworm(OnAMachine):
    suite = "bookworm"


class TestTrixie(OnAMachine):
    suite = "trixie"
