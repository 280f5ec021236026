"""Where a store is: a libpq string, a postgresql:// URL, or sqlite:///FILE for the embedded one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from collector.errors import UsageError

DEFAULTS: Mapping[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "vitalsd",
}
"""Unless the DSN says otherwise: a network that swallows everything is noticed after about 10 s."""

_SQLITE = "sqlite:"


def sqlite_file(dsn: str) -> Path | None:
    """The file of sqlite:///FILE (relative) or sqlite:////FILE (absolute); None for a server's DSN.

    Raises UsageError for sqlite: without a file.
    """
    if not dsn.startswith(_SQLITE):
        return None
    file = dsn.removeprefix("sqlite:///")
    if file in {dsn, ""}:
        raise UsageError("expected sqlite:///FILE")
    return Path(file)


def server(dsn: str) -> str:
    """The DSN as a libpq string with DEFAULTS. Raises UsageError, without the DSN's text: it may hold a password."""
    try:
        return make_conninfo(**{**DEFAULTS, **conninfo_to_dict(dsn)})
    except psycopg.ProgrammingError:
        raise UsageError(
            "not a DSN: expected a libpq string (host=… dbname=…), a postgresql:// URL or sqlite:///FILE"
        ) from None


def secretless(text: str, dsn: str) -> str:
    """An error's text on one line, without the DSN's password."""
    password = conninfo_to_dict(dsn).get("password")
    line = " ".join(text.split())
    return line.replace(str(password), "…") if password else line
