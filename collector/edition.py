"""Which edition of TimescaleDB a server has, if any, and what that means."""

from typing import Any

import psycopg

from collector.sql import queries

COMMUNITY = "timescale"
PLAIN = None

MEANS = {
    "apache": "TimescaleDB, Apache edition: hypertables; no compression and no policies",
    COMMUNITY: "TimescaleDB, Community edition: hypertables, compression and policies",
    PLAIN: "plain PostgreSQL without TimescaleDB: for evaluation only",
}

_Q = queries("timescale")


def edition(connection: psycopg.Connection[Any]) -> str | None:
    """Return "apache", COMMUNITY or PLAIN: what `timescaledb.license` says."""
    row = connection.execute(_Q["edition"]).fetchone()
    return PLAIN if row is None else row[0]
