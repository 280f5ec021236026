"""Inspection reports as they were made, and what the charting's tables say for one (charting.inspection)."""

import secrets
from collections.abc import Collection, Sequence
from itertools import pairwise

from sqlalchemy import func, insert, or_, select

from charting.inspection.due import Kind
from charting.inspection.keeping import Kept
from charting.inspection.measured import Pages, Runs
from charting.inspection.raw import Stay
from charting.inspection.report import Report, from_text, to_text
from charting.quality.periods import Period
from charting.store.backups import Kind as RunKind
from charting.store.database import Database
from charting.store.tables import backup, case_row, client, inspection

_B, _C, _I, _R = backup.c, client.c, inspection.c, case_row.c


class DatabaseInspections:
    """Raises StoreError for a database that cannot be had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, report: Report) -> str:
        id_ = secrets.token_hex(8)
        row = {
            "id": id_,
            "kind": report.kind,
            "period": report.period.name,
            "made_us": report.made_us,
            "body": to_text(report),
        }
        with self._database.write() as connection:
            connection.execute(insert(inspection).values(row))
        return id_

    def kept(self) -> Sequence[Kept]:
        chosen = select(_I.id, _I.kind, _I.period, _I.made_us).order_by(_I.made_us.desc(), _I.id)
        with self._database.read() as connection:
            return [Kept(**row) for row in connection.execute(chosen).mappings()]

    def report(self, id_: str) -> Report | None:
        with self._database.read() as connection:
            body = connection.scalar(select(_I.body).where(_I.id == id_))
        try:
            return None if body is None else from_text(body)
        except ValueError:
            return None

    def there(self) -> Collection[tuple[Kind, str]]:
        """Kind and period of all that are kept."""
        return {(each.kind, each.period) for each in self.kept()}

    def stays(self, period: Period) -> Sequence[Stay]:
        """Cases that were open in a period, but for those that were only for trying and those that were discarded."""
        chosen = select(_R.bed, _R.opened_us, _R.closed_us).where(
            _R.opened_us < period.end_us,
            or_(_R.closed_us.is_(None), _R.closed_us > period.start_us),
            _R.is_test.is_(False),
            _R.state != "discarded",
        )
        with self._database.read() as connection:
            return [
                Stay(bed=bed, start_us=opened, end_us=closed)
                for bed, opened, closed in connection.execute(chosen.order_by(_R.bed, _R.opened_us))
            ]

    def runs(self, kind: RunKind, period: Period, since_us: int) -> Runs:
        """`since_us`: from when on one is missed."""
        chosen = select(_B.ended_us, _B.ok, _B.size_bytes).where(_B.kind == kind, _B.ended_us < period.end_us)
        with self._database.read() as connection:
            rows = connection.execute(chosen.order_by(_B.ended_us)).all()
        within = [row for row in rows if row.ended_us >= period.start_us]
        good = [row for row in rows if row.ok]
        start_us = max(period.start_us, since_us)
        before = max([row.ended_us for row in good if row.ended_us <= start_us], default=start_us)
        times = [before, *(row.ended_us for row in good if row.ended_us > start_us), max(period.end_us, before)]
        return Runs(
            times=len(within),
            failed=sum(not row.ok for row in within),
            last_ok_us=good[-1].ended_us if good else None,
            last_bytes=good[-1].size_bytes if good else None,
            without_s=max(end - start for start, end in pairwise(times)) / 1e6,
        )

    def pages(self, period: Period) -> Sequence[Pages]:
        """Of browsers that were seen in a period last."""
        chosen = (
            select(_C.version, func.count(), func.max(_C.seen_us))
            .where(_C.seen_us >= period.start_us, _C.seen_us < period.end_us)
            .group_by(_C.version)
        )
        with self._database.read() as connection:
            found = connection.execute(chosen.order_by(func.max(_C.seen_us).desc())).all()
            return [Pages(version=version, browsers=n, seen_us=seen) for version, n, seen in found]
