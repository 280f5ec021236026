"""What is kept of backups and their trial restores: a row a run, whatever became of it."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, insert, select

from charting.store.database import Database
from charting.store.tables import backup

Kind = Literal["backup", "restore_test"]
KINDS: Sequence[Kind] = ("backup", "restore_test")

_B = backup.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One database of a run. `name`: of its backup, empty where there is none; `rows`: that were kept or compared.

    `reasons`: why it failed, or what differs, a line each; none: it is good.
    """

    name: str
    rows: int = 0
    size_bytes: int = 0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`place`: the folder of the backups."""

    kind: Kind
    began_us: int
    ended_us: int
    place: str
    parts: tuple[Part, ...]

    @property
    def ok(self) -> bool:
        return not any(part.reasons for part in self.parts)

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRuns:
    """`last`: the run that ended last; `good`: the last one that was good, None: there never was one."""

    last: Run
    good: Run | None


def record(database: Database, run: Run) -> None:
    """Raises StoreError."""
    with database.write() as connection:
        connection.execute(
            insert(backup).values(
                id=secrets.token_hex(8),
                kind=run.kind,
                began_us=run.began_us,
                ended_us=run.ended_us,
                ok=run.ok,
                place=run.place,
                size_bytes=run.size_bytes,
                detail=json.dumps({"parts": [_said(part) for part in run.parts]}, ensure_ascii=False),
            )
        )


def last_runs(database: Database) -> Mapping[str, LastRuns]:
    """By kind, "backup" and "restore_test"; a kind that never ran is missing. Raises StoreError."""
    found: dict[str, LastRuns] = {}
    with database.read() as connection:
        for kind in KINDS:
            newest = select(backup).where(_B.kind == kind).order_by(_B.ended_us.desc(), _B.id).limit(1)
            last = connection.execute(newest).first()
            if last is not None:
                good = last if last.ok else connection.execute(newest.where(_B.ok)).first()
                found[kind] = LastRuns(last=_run(last), good=None if good is None else _run(good))
    return found


def _said(part: Part) -> dict[str, Any]:
    return {"name": part.name, "rows": part.rows, "size_bytes": part.size_bytes, "reasons": list(part.reasons)}


def _run(row: Row[*tuple[Any, ...]]) -> Run:
    parts = [Part(**{**said, "reasons": tuple(said["reasons"])}) for said in json.loads(row.detail)["parts"]]
    return Run(kind=row.kind, began_us=row.began_us, ended_us=row.ended_us, place=row.place, parts=tuple(parts))
