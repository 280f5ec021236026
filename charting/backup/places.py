"""What is backed up and restored: a database, of whichever kind."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from charting.backup.manifest import Manifest, Table


class Place(Protocol):
    """A database. All raise BackupError where it cannot be had, UsageError for what the caller has to mend."""

    @property
    def name(self) -> str:
        """By which its backups are told from those of others."""

    def room_bytes(self, last_bytes: int) -> int:
        """What must be free in the folder of the backups; `last_bytes`: of the backup before, 0 where there is none."""

    def dump(self, folder: Path, made: str) -> Manifest:
        """Write it into a file of `folder`, which the manifest names; tables are counted as they are in that file."""

    def restore(self, folder: Path, manifest: Manifest) -> Sequence[Table]:
        """Fill it, and count what is in it then. Where it is not empty or not fit, UsageError and nothing changed."""

    def scratch(self, folder: Path) -> AbstractContextManager["Place"]:
        """An empty one beside it, or in the folder of the backups, gone at the end; so are those that are left."""
