"""Two slots in which a gateway keeps its programs, and the package beside them: at any instant `current` works.

Under the root: `package` is the newest that was delivered, and `package.ready` is there while it is whole; `a` and `b`
are hard-linked copies of packages, each whole or not there at all; `current` is a link to the one that runs.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from collector.durable import sync
from collector.errors import VitalsdError

SLOTS = ("a", "b")
_BYTECODE = "__pycache__"
_START_S = 60.0
"""In which a program says its version, on a slow machine with a cold disk too."""


class SlotError(VitalsdError):
    """The slots are not as they have to be, or a program in one does not start."""


class Slots:
    """The slots under a root. What a step leaves behind that was killed, the next `stage` clears away."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.package = root / "package"

    @property
    def ready(self) -> bool:
        """Whether the package is whole: its installer takes the mark away before it changes anything."""
        return (self._root / "package.ready").exists() and self.package.is_dir()

    @property
    def current(self) -> str:
        """The slot that runs. Raises SlotError."""
        try:
            name = (self._root / "current").readlink().name
        except OSError as error:
            raise SlotError(f"{self._root}/current: {error.strerror}") from None
        if name not in SLOTS or not self.path(name).is_dir():
            raise SlotError(f"{self._root}/current: leads to {name}, which is no slot")
        return name

    @property
    def other(self) -> str:
        (name,) = {*SLOTS} - {self.current}
        return name

    def path(self, slot: str) -> Path:
        return self._root / slot

    def stage(self) -> str:
        """Make the slot that does not run a copy of the package; return its identity. Raises SlotError, OSError."""
        slot = self.path(self.other)
        fresh, gone = slot.with_suffix(".new"), slot.with_suffix(".old")
        for left in (fresh, gone):
            if left.exists():
                shutil.rmtree(left)
        shutil.copytree(self.package, fresh, symlinks=True, copy_function=os.link)
        made = identity(fresh)
        if not self.ready or identity(self.package) != made:
            raise SlotError("the package is being changed at this moment")
        if slot.exists():
            slot.rename(gone)
        fresh.rename(slot)
        os.sync()
        if gone.exists():
            shutil.rmtree(gone)
        return made

    def switch(self, slot: str) -> None:
        """From now on programs start from that slot; what runs goes on."""
        link = self._root / "current.new"
        link.unlink(missing_ok=True)
        link.symlink_to(slot)
        link.replace(self._root / "current")
        sync(self._root)

    def version(self, slot: str) -> str:
        """What the program in a slot says of itself. Raises SlotError where it does not start."""
        command = [str(self.path(slot) / "bin" / "vitalsd"), "--version"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_START_S, check=True)
        except subprocess.CalledProcessError as error:
            last = (str(error.stderr).strip().splitlines() or ["it says nothing"])[-1]
            raise SlotError(f"the program in slot {slot} does not start: {last}") from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SlotError(f"the program in slot {slot} does not start: {error}") from None
        return done.stdout.strip().rpartition(" ")[2]


def identity(tree: Path) -> str:
    """Names a package: the paths, sizes and times of its files, without bytecode. A copy has that of its original."""
    digest = hashlib.sha256()
    for folder, folders, names in os.walk(tree):
        folders[:] = sorted(name for name in folders if name != _BYTECODE)
        for name in sorted(names):
            path = Path(folder, name)
            about = path.lstat()
            digest.update(f"{path.relative_to(tree)}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()
