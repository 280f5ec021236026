"""The Debian package, built by `make deb` in a root of the release that it is for."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.install.machine import base, inside, unpack
from tests.timescale import cache
from tests.timescale import run as run_here

NEEDED_TO_BUILD = "make,python3-venv"
# How this machine's pip finds its packages is no business of the project's; the pip in a root does as it does.
PIP_FILES = ("/etc/pip.conf", "/root/.config/pip/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
OWN = ("config/server/.env", "config/server/secrets/postgres-password")
"""What git ignores and a person has there who has prepared a server in the tree."""


def build(suite: str, work: Path) -> Path:
    """The package for a release, made from this work tree with nothing but what the release has."""
    root = work / "build"
    unpack(base(suite, NEEDED_TO_BUILD), root)
    for file in map(Path, PIP_FILES):
        if file.exists():
            there = root / file.relative_to("/")
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, there)
    names = run_here("git", "-C", Path.cwd(), "ls-files", "-z", "--cached", "--others", "--exclude-standard").split(
        "\0"
    )
    for name in filter(os.path.lexists, names):
        there = root / "source" / name
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(name, there, follow_symlinks=False)
    (root / "source/config/server/secrets").mkdir()
    for name in OWN:
        (root / "source" / name).write_text("of whoever builds", encoding="utf-8")
    pip = cache() / "pip"
    pip.mkdir(exist_ok=True)
    given = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    inside(root, "make", "-C", "/source", "deb", env=given | {"PIP_CACHE_DIR": "/pip"}, mounts={pip: "pip"})
    (made,) = (root / "source/dist").iterdir()
    shutil.move(made, work)
    shutil.rmtree(root)
    return work / made.name


def newer(package: Path, version: str, work: Path) -> Path:
    """The same package as a later version would be."""
    tree = work / "newer"
    run_here("dpkg-deb", "--raw-extract", package, tree)
    (about,) = tree.glob("opt/vitalsd/package/lib/python3*/site-packages/collector/__init__.py")
    for file, line in ((about, r'(__version__ = )"[^"]*"'), (tree / "DEBIAN/control", r"(?m)^(Version: )[^+\n]*")):
        quote = '"' if file == about else ""
        text, found = re.subn(line, rf"\g<1>{quote}{version}{quote}", file.read_text(encoding="utf-8"))
        assert found == 1
        file.write_text(text, encoding="utf-8")
    made = work / f"vitalsd_{version}.deb"
    run_here("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, made)
    shutil.rmtree(tree)
    return made


def field(package: Path, name: str) -> str:
    done = subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True, check=True)
    return done.stdout.strip()
