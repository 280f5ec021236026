"""What a backup says of itself: whence it is, and what its tables held. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from charting.backup.errors import BackupError

FORMAT = 1
LEFT_OUT = (
    "passwords of database logins (their names and groups are in here)",
    "the server's own settings (postgresql.conf, pg_hba.conf) and other databases",
    "certificates, private keys and credentials",
    "what beds have not delivered yet: it is in their journals",
)
"""What is in no backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`name`: as SQL writes it; `checksum`: 16 hex digits, of its rows in whatever order."""

    name: str
    rows: int
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What another server must have. `version` and `tool`: majors of the server and of pg_dump; `edition`: as
    collector.edition says; `extensions`: with their versions.

    `roles`: logins and groups that may do something in the database, with the groups that they are members of.
    """

    version: int
    tool: int
    encoding: str
    edition: str | None
    extensions: Mapping[str, str]
    roles: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`made`: RFC 3339; `schema`: newest migrations of the store and the charting; `server` None: a SQLite file."""

    database: str
    made: str
    vitalsd: str
    schema: Mapping[str, str]
    tables: tuple[Table, ...]
    server: Server | None

    @property
    def dump(self) -> str:
        """The file that holds the database."""
        return "database.db" if self.server is None else "database.dump"

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self), "left_out": LEFT_OUT}, ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises BackupError."""
        try:
            said: dict[str, Any] = json.loads(text)
            if said["format"] != FORMAT:
                raise BackupError(f"made by another vitalsd ({said['vitalsd']}), in a form that this one does not know")
            server = said["server"]
            return cls(
                database=said["database"],
                made=said["made"],
                vitalsd=said["vitalsd"],
                schema=said["schema"],
                tables=tuple(Table(**table) for table in said["tables"]),
                server=None if server is None else Server(**{**server, "roles": _tuples(server["roles"])}),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BackupError("manifest.json is no manifest of a backup") from None


def differences(expected: Iterable[Table], found: Iterable[Table]) -> Sequence[str]:
    """How what was restored is not what was backed up, a line per table; nothing: it is the same."""
    before, after = ({table.name: table for table in tables} for tables in (expected, found))
    return [said for name in sorted({*before, *after}) if (said := _difference(before.get(name), after.get(name)))]


def _difference(before: Table | None, after: Table | None) -> str:
    if before is None or after is None:
        there = before or after
        return f"{there.name}: {'is not in the backup' if before is None else 'is missing'}" if there else ""
    if before.rows != after.rows:
        return f"{before.name}: {before.rows:,} rows were backed up, {after.rows:,} are restored"
    if before.checksum != after.checksum:
        return f"{before.name}: {before.rows:,} rows, but not the same ones"
    return ""


def _tuples(lists: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(members) for name, members in lists.items()}
