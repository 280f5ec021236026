"""Programs as they are in slots: the release before this version, from the history, and this version."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import __version__

ROOT = Path(__file__).parents[2]
CODE = ("collector", "drivers", "alarms", "charting")
LAUNCHER = """#!/bin/sh
slot=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$slot/bin/python" -I -c 'from collector.cli import main; main()' "$@"
"""


def released() -> Iterator[tuple[str, str]]:
    """Versions and their commits by CHANGELOG, the newest first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return (
        (found[1], found[2])
        for found in re.finditer(r"^## \[(\d[\d.]*)\].*\n+Commit ([0-9a-f]{7,40})\.", text, re.MULTILINE)
    )


def git(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)


def previous() -> tuple[str, str]:
    """Version and commit of the newest release that is not this version itself."""
    for version, commit in released():
        if git("cat-file", "-e", f"{commit}^{{commit}}").returncode:
            reason = f"no commit {commit} of {version} here: the test needs the project's history"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        if version != __version__:
            return version, commit
    pytest.fail("CHANGELOG names no release before this version")


def program_of(commit: str, slot: Path) -> None:
    """That release in a slot."""
    packages = _environment(slot)
    archive = git("archive", "--format=tar", commit, *CODE)
    subprocess.run(["tar", "-x", "-C", packages], input=archive.stdout, check=True)


def program_of_now(slot: Path, version: str) -> None:
    """This version in a slot, under a name of its own."""
    packages = _environment(slot)
    for name in CODE:
        shutil.copytree(ROOT / name, packages / name)
    about = packages / "collector" / "__init__.py"
    text = about.read_text(encoding="utf-8")
    about.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', text), encoding="utf-8")


def _environment(slot: Path) -> Path:
    """As the package has it, with what this environment has installed; return where packages are."""
    packages = slot / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "installed.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    (slot / "bin").mkdir()
    python = Path(sys.executable).resolve()
    (slot / "pyvenv.cfg").write_text(f"home = {python.parent}\n", encoding="utf-8")
    (slot / "bin" / "python").symlink_to(python)
    launcher = slot / "bin" / "vitalsd"
    launcher.write_text(LAUNCHER, encoding="utf-8")
    launcher.chmod(0o755)
    return packages
