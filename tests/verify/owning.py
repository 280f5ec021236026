"""Who makes a verifier's databases: they are told from those that other tests make on the same server."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier


@contextmanager
def owner(dsn: str) -> Iterator[str]:
    """The DSN of a superuser of the test's own; afterwards there is no database of his."""
    name = f"verifier_{uuid4().hex}"
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(SQL("create role {} superuser login").format(Identifier(name)))
        try:
            yield make_conninfo(dsn, user=name)
            owned = "select datname from pg_database where pg_get_userbyid(datdba) = %s"
            assert admin.execute(owned, (name,)).fetchall() == []
        finally:
            admin.execute(SQL("drop role {}").format(Identifier(name)))
