"""What dpkg calls, on a root that is a folder: dpkg's own variable for that is DPKG_ROOT."""

import fcntl
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

DEB = Path("tools/deb")
# Programs of the system that a folder has not; what they do is tested where they are (test_roots.py).
NOT_HERE = ("systemd-sysusers", "systemd-tmpfiles", "deb-systemd-helper")
PROGRAM = """
import sys
def main() -> None:
    print(*sys.argv, __file__, {what!r})
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As dpkg leaves it when it has unpacked a package."""
    root = tmp_path / "root"
    package = root / "opt/vitalsd/package"
    (package / "bin").mkdir(parents=True)
    (package / "bin/vitalsd").write_bytes((DEB / "vitalsd").read_bytes())
    (package / "bin/vitalsd").chmod(0o755)
    python = Path(sys.executable).resolve()
    (package / "bin/python").symlink_to(python)
    (package / "pyvenv.cfg").write_text(f"home = {python.parent}\ninclude-system-site-packages = false\n")
    deliver(root, "first")
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/vitalsd").symlink_to("../../opt/vitalsd/current/bin/vitalsd")
    for program in NOT_HERE:
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    return root


def library(tree: Path) -> Path:
    return tree / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages/collector"


def deliver(root: Path, what: str) -> None:
    """As dpkg does it: a new file under the old name."""
    folder = library(root / "opt/vitalsd/package")
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / "cli.py.dpkg-new"
    fresh.write_text(PROGRAM.format(what=what))
    fresh.rename(folder / "cli.py")


def begin(script: str, root: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [DEB / script, *arguments],
        env={"DPKG_ROOT": str(root), "PATH": f"{root.parent}:/usr/sbin:/usr/bin:/sbin:/bin"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def call(script: str, root: Path, *arguments: str) -> str:
    process = begin(script, root, *arguments)
    _, told = process.communicate()
    assert process.returncode == 0, told
    return told


def said(program: Path, *arguments: str) -> list[str]:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.split()


def test_the_first_install_makes_a_slot_that_runs(root: Path) -> None:
    call("postinst", root, "configure", "")
    home = root / "opt/vitalsd"
    assert (home / "current").readlink() == Path("a")
    program = root / "usr/bin/vitalsd"
    assert said(program, "bed", "x y") == [str(program), "bed", "x", "y", str(library(home / "a") / "cli.py"), "first"]
    assert library(home / "a").joinpath("cli.py").samefile(library(home / "package") / "cli.py")
    assert [*library(home / "a").joinpath("__pycache__").glob("cli.*.pyc")]
    assert (home / "package.ready").exists()
    assert not (home / "b").exists()


def test_the_launcher_runs_with_its_own_slot_wherever_it_is_called_from(root: Path) -> None:
    call("postinst", root, "configure", "")
    home = root / "opt/vitalsd"
    link = root / "elsewhere"
    link.symlink_to(home / "package/bin/vitalsd")
    (root / "collector").mkdir()
    (root / "collector/cli.py").write_text("raise SystemExit('from the folder in which it was called')")
    done = subprocess.run([link], capture_output=True, text=True, check=True, cwd=root)
    assert str(library(home / "package")) in done.stdout


def test_an_upgrade_leaves_what_runs_alone(root: Path) -> None:
    call("postinst", root, "configure", "")
    home = root / "opt/vitalsd"
    call("preinst", root, "upgrade", "1")
    assert not (home / "package.ready").exists()
    assert not [*(home / "package").rglob("__pycache__")]
    deliver(root, "second")
    told = call("postinst", root, "configure", "1")
    assert "second is delivered" in told
    assert (home / "package.ready").exists()
    assert said(root / "usr/bin/vitalsd")[-1] == "first"
    assert [*library(home / "a").joinpath("__pycache__").glob("cli.*.pyc")]


def test_an_upgrade_waits_for_the_updater(root: Path) -> None:
    call("postinst", root, "configure", "")
    state = root / "var/lib/vitalsd-update"
    state.mkdir(parents=True)
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = begin("preinst", root, "upgrade", "1")
        inode = os.fstat(lock.fileno()).st_ino
        until = time.monotonic() + 20
        while not re.search(rf"-> FLOCK .*:{inode} ", Path("/proc/locks").read_text()):
            assert process.poll() is None
            assert time.monotonic() < until
        assert (root / "opt/vitalsd/package.ready").exists()
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert not (root / "opt/vitalsd/package.ready").exists()


def test_an_install_that_broke_off_is_made_good(root: Path) -> None:
    home = root / "opt/vitalsd"
    (home / "a.new/lib").mkdir(parents=True)
    (home / "a").mkdir()
    call("postinst", root, "configure", "")
    assert said(root / "usr/bin/vitalsd")[-1] == "first"
    assert {path.name for path in home.iterdir()} == {"a", "current", "package", "package.ready"}


def test_what_is_removed_leaves_no_slot_and_keeps_what_devices_said(root: Path) -> None:
    call("postinst", root, "configure", "")
    kept = ["var/lib/vitalsd/OR-03/journal.db", "etc/vitalsd/OR-03.toml", "etc/systemd/system/x.wants/other.service"]
    gone = ["var/lib/vitalsd-update/state.json", "etc/systemd/system/x.wants/vitalsd@OR-03.service"]
    for name in kept + gone:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    call("prerm", root, "remove")
    call("postrm", root, "remove")
    assert not (root / "opt/vitalsd").exists()
    assert all((root / name).exists() for name in kept + gone)
    call("postrm", root, "purge")
    assert all((root / name).exists() for name in kept)
    assert not any((root / name).exists() for name in gone)


def test_the_control_file_names_what_the_program_needs() -> None:
    control = (DEB / "control").read_text(encoding="utf-8")
    fields = dict(line.split(": ", 1) for line in control.splitlines() if re.match(r"[A-Z]", line))
    needs = fields["Depends"].split(", ")
    assert {"@PYTHON@", "systemd (>= 252)", "tzdata"} <= set(needs)
    assert {"fonts-noto-cjk", "postgresql-client", "udev"} == set(fields["Recommends"].split(", "))
    assert fields["Conflicts"] == "brltty"
