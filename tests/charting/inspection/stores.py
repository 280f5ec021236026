"""Where a simulated quarter stands: as journals in memory with a charting in a file, or in a real database."""

import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from charting.inspection.embedded import JournalStore
from collector.health import Health
from collector.journal.rows import series_row
from collector.model import Channel, Condition, Identity, Quality, Reading, Series
from collector.series import Points, SeriesReader
from collector.timescale_rows import COPY_HEADER, COPY_TRAILER, Readings
from tests.charting.inspection.quarter import DAY, Quarter


class _Reader:
    """One bed's, as far as an inspection asks."""

    def __init__(self, quarter: Quarter, bed: str) -> None:
        self._quarter = quarter
        self._told = [each for each in quarter.series() if each[0].bed == bed]
        self._conditions = [condition for condition in quarter.conditions if condition.bed == bed]

    def points(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Points]:
        del bed
        found = []
        for series, times, values in self._told:
            if series.channel.code in codes:
                within = (times >= start_us) & (times < end_us)
                n = int(within.sum())
                found.append(Points(series=series, time_us=times[within], value=values[within],
                                    quality=np.full(n, "valid"), demo=np.zeros(n, np.bool_)))  # fmt: skip
        return found

    def values(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Reading]:
        del codes  # it is asked for versions alone
        series = self._told[0][0]
        return [
            Reading(series=series, time_us=at_us, value=None, text=text, quality=Quality.VALID, demo=False)
            for at_us, text in self._quarter.versions(bed)[::12]
            if start_us <= at_us < end_us
        ]

    def latest(self, bed: str) -> Sequence[Reading]:
        return self.values(bed, (), 0, self._quarter.now_us)[-1:]

    def conditions(self, bed: str, start_us: int, end_us: int) -> Sequence[Condition]:
        del bed
        return [condition for condition in self._conditions if start_us <= condition.time_us < end_us]

    def last_changes(self, bed: str, before_us: int) -> Sequence[Condition]:
        del bed
        last = {(c.device, c.alarm.source): c for c in self._conditions if c.time_us < before_us}
        return list(last.values())

    def identities(self, bed: str, start_us: int, end_us: int) -> Sequence[Identity]:
        return [i for i in self._quarter.identities if i.bed == bed and start_us <= i.time_us < end_us]


def journals(quarter: Quarter) -> JournalStore:
    beds = quarter.times
    return JournalStore({bed: cast("SeriesReader", _Reader(quarter, bed)) for bed in beds})


def rows(quarter: Quarter) -> Mapping[str, Sequence[tuple[object, ...]]]:
    """Of the charting's tables, with their columns."""
    return {
        "case_row(case_id, bed, opened_us, closed_us, state, area, number, name, temporary, procedure, is_test, held,"
        " last)": [
            (f"case-{n}", c.bed, c.start_us, c.end_us, "open" if c.end_us is None else "closed", "or", *[""] * 4, False,
             False, 1)
            for n, c in enumerate(quarter.cases)
        ],
        "backup(id, kind, began_us, ended_us, ok, place, size_bytes, detail)": [
            (f"run-{n}", run.kind, run.ended_us - 60_000_000, run.ended_us, run.ok, "/backup", 2**31, "{}")
            for n, run in enumerate(quarter.runs)
        ],
        "inspection(id, kind, period, made_us, body)": [
            (f"made-{n}", "performance", name, quarter.period.start_us, "{}")
            for n, name in enumerate(quarter.performances)
        ],
        "client(id, account, version, agent, page, seen_us)": [
            (f"browser-{n}", "", "0.6.0", "", "department", quarter.period.end_us - n * DAY) for n in range(1, 6)
        ],
    }  # fmt: skip


def fill_charting(quarter: Quarter, file: Path) -> None:
    """Into a charting's SQLite file."""
    with sqlite3.connect(file) as connection:
        for table, told in rows(quarter).items():
            marks = ", ".join("?" * (table.count(",") + 1))
            connection.executemany(f"insert into {table} values ({marks})", told)
    connection.close()


def fill_server(quarter: Quarter, dsn: str) -> None:
    """Into a database with both schemas, in bulk, as its owner; then what the faults do to the database itself."""
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        numbers = [(_channel(cursor, series), times, values) for series, times, values in quarter.series()]
        with cursor.copy(
            "copy vitalsd.obs(time, value, channel, n, quality, demo, text) from stdin (format binary)"
        ) as copy:
            copy.write(COPY_HEADER)
            for number, times, values in numbers:
                copy.write(_copied(number, times, values, [None] * times.size))
            copy.write(COPY_TRAILER)
        for bed in quarter.times:
            version = Channel(code=Health.VERSION.value, source="vitalsd", unit="")
            number = _channel(cursor, Series(bed=bed, device="vitalsd", channel=version))
            told = quarter.versions(bed)
            cursor.execute(
                "insert into vitalsd.obs(time, value, channel, n, quality, demo, text)"
                " select vitalsd.moment(us), null, %s, 0, 'V', false, text"
                " from unnest(%b::bigint[], %b::text[]) as told(us, text)",
                (number, [at_us for at_us, _ in told], [text for _, text in told]),
            )
        cursor.executemany(
            "insert into vitalsd.condition(time, bed, device, source, n, type, priority, phase, code, text,"
            " device_priority, demo, journal, seq)"
            " values (to_timestamp(%s / 1e6), %s, %s, %s, 0, %s, %s, %s, %s, %s, '', false, %s, %s)",
            [
                (c.time_us, c.bed, c.device, c.alarm.source, c.alarm.type, c.alarm.priority, c.alarm.phase,
                 c.alarm.code, c.alarm.text, uuid.uuid5(uuid.NAMESPACE_OID, c.bed), seq)
                for seq, c in enumerate(quarter.conditions)
            ],
        )  # fmt: skip
        cursor.executemany(
            "insert into vitalsd.identity values (%s, %s, 'device', to_timestamp(%s / 1e6), 0, %s)",
            [(i.bed, i.device, i.time_us, json.dumps(asdict(i.identity))) for i in quarter.identities],
        )
        for table, told_ in rows(quarter).items():
            with cursor.copy(f"copy charting.{table} from stdin") as copy:
                for row in told_:
                    copy.write_row(row)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("analyze")
        for statement in quarter.statements:
            connection.execute(statement)
        connection.execute("select pg_stat_force_next_flush()")


def _channel(cursor: psycopg.Cursor[Any], series: Series) -> int:
    cursor.execute("insert into vitalsd.channel(bed, device, code, source, role, site, unit)"
                   " values (%s, %s, %s, %s, %s, %s, %s) returning id", series_row(series))  # fmt: skip
    (number,) = cursor.fetchone() or (0,)
    return int(number)


def _copied(number: int, times: Any, values: Any, texts: Sequence[None]) -> bytes:
    n = len(texts)
    numbers, zeros = cast("Sequence[int]", np.full(n, number)), cast("Sequence[int]", np.zeros(n, np.int16))
    return Readings(times=times, values=values, channels=numbers, ns=zeros, qualities="V" * n, demos=zeros,
                    texts=texts).copied()  # fmt: skip


def certificate(folder: Path, until_us: int) -> tuple[Path, Path]:
    """Of the charting service, that holds until a time, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "charting.example")])
    until = datetime.fromtimestamp(until_us / 1e6, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(until - timedelta(days=365))
        .not_valid_after(until)
        .sign(key, SHA256())
    )
    files = folder / "charting.pem", folder / "charting.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files
