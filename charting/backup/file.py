"""A SQLite file, a bed's journal or a charting, copied while it is written to."""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path

from charting.backup.errors import BackupError
from charting.backup.folder import scratch
from charting.backup.manifest import Manifest, Table
from charting.backup.places import Place
from charting.store.database import APPLICATION_ID as CHARTING
from collector import __version__
from collector.durable import sync
from collector.errors import UsageError
from collector.journal.database import APPLICATION_ID as JOURNAL
from collector.progress import counter
from collector.sql import queries

FILE = "database.db"
PAGES = 2_000
"""Copied at once: 8 MB."""

_MODE = 0o640
_WAIT_S = 10
_TELL = 10_000

_Q = queries("backup")


class FileDatabase:
    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    @property
    def name(self) -> str:
        """With its folder's name: each bed's journal is called journal.db."""
        return f"{self._path.parent.name}-{self._path.stem}"

    def room_bytes(self, last_bytes: int) -> int:
        """Of the copy, and of the copy of the copy that is its trial restore."""
        del last_bytes
        with self._told():
            return 2 * self._path.stat().st_size

    def dump(self, folder: Path, made: str) -> Manifest:
        with self._told(), closing(_opened(self._path)) as db:
            db.execute(_Q["begin_file"])  # the copy and the counts are of one state
            kind = _kind(db)
            if not kind:
                raise UsageError(f"{self._path}: neither a journal nor a charting of vitalsd")
            with closing(sqlite3.connect(folder / FILE)) as copy, counter("pages copied") as told:
                db.backup(copy, pages=PAGES, progress=lambda _, left, pages: told(pages - left), sleep=0)
                copy.execute(_Q["whole_file"])
            (version,) = db.execute(_Q[f"file_{kind}"]).fetchone()
            return Manifest(
                database=str(self._path),
                made=made,
                vitalsd=__version__,
                schema={kind: version.decode()},
                tables=_tables(db),
                server=None,
            )

    def restore(self, folder: Path, manifest: Manifest) -> Sequence[Table]:
        if manifest.server is not None:
            raise UsageError("this is the backup of a server's database: restore it into an empty one of those")
        fresh = self._path.with_name(f".{self._path.name}-{secrets.token_hex(4)}")
        for beside in ("", "-wal", "-journal"):  # SQLite would take what is left beside for the restored file's own
            if Path(f"{self._path}{beside}").exists():
                raise UsageError(f"{self._path}{beside}: is there already")
        with self._told():
            try:
                shutil.copyfile(folder / manifest.dump, fresh)
                fresh.chmod(_MODE)
                sync(fresh)
                os.link(fresh, self._path)
                sync(self._path.parent)
            except FileExistsError:
                raise UsageError(f"{self._path}: is there already") from None
            finally:
                fresh.unlink(missing_ok=True)
            with closing(_opened(self._path)) as db:
                faults = sum(fault != (b"ok",) for fault in db.execute(_Q["check_file"]))
                if faults:
                    raise BackupError(f"{self._path}: is damaged: {faults} faults")
                return _tables(db)

    @contextmanager
    def scratch(self, folder: Path) -> Iterator[Place]:
        with scratch(folder, f"restore-test-{secrets.token_hex(4)}") as inside:
            yield FileDatabase(inside / self._path.name)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise BackupError(f"{self._path}: {error}") from error
        except OSError as error:
            raise BackupError(f"{self._path}: {error.strerror}") from error


def _opened(path: Path) -> sqlite3.Connection:
    """For reading. A text comes as a bytearray, a blob as bytes: all that a file holds can be read and told apart."""
    db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=_WAIT_S)
    db.text_factory = bytearray
    return db


def _kind(db: sqlite3.Connection) -> str:
    """What a file of ours is, "" for any other."""
    (mark,) = db.execute(_Q["mark"]).fetchone()
    return {CHARTING: "charting", JOURNAL: "journal"}.get(mark, "")


def _tables(db: sqlite3.Connection) -> tuple[Table, ...]:
    found = []
    with counter("rows compared") as told:
        done = 0
        for (name,) in db.execute(_Q["file_tables"]).fetchall():
            rows = total = 0
            for row in db.execute(_Q["file_rows"].format(name.decode())):
                total += int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest(), "big")
                rows += 1
                if rows % _TELL == 0:
                    told(done + rows)
            done += rows
            found.append(Table(name=name.decode(), rows=rows, checksum=f"{total % 2**64:016x}"))
    return tuple(found)
