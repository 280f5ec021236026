"""The tables of the charting. On PostgreSQL they stand in a schema of their own, which the search path names.

`entry` is append-only, which triggers keep (migrations/).
"""

from typing import Any

from sqlalchemy import (
    TEXT,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

SCHEMA = "charting"

METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
    }
)


def plain(text: str) -> str:
    """Text that every database takes: what PostgreSQL or UTF-8 has no place for (NUL, half a surrogate) is replaced."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")


class Plain(TypeDecorator[str]):
    """Plain text, in the order of its code points, whatever language the server speaks."""

    impl = TEXT
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return TEXT(collation="C") if dialect.name == "postgresql" else TEXT()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else plain(value)


entry = Table(
    "entry",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Plain, nullable=False),
    Column("case_id", Plain, nullable=False),
    Column("kind", Plain, nullable=False),
    Column("text", Text, nullable=False, comment="what was hashed (charting.trail.chain)"),
    Column("hash", Plain, nullable=False),
    Index("entry_case", "case_id", "seq"),
    Index("entry_kind", "kind", "seq"),
    comment="the audit trail",
)

head = Table(
    "head",
    METADATA,
    Column("id", SmallInteger, CheckConstraint("id = 1", name="one"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("hash", Plain, nullable=False),
    comment="the last entry: one row, changed first by whoever appends",
)

case_row = Table(
    "case_row",
    METADATA,
    Column("case_id", Plain, primary_key=True),
    Column("state", Plain, nullable=False),
    Column("bed", Plain, nullable=False),
    Column("area", Plain, nullable=False),
    Column("opened_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    Column("number", Plain, nullable=False),
    Column("name", Plain, nullable=False),
    Column("temporary", Plain, nullable=False),
    Column("procedure", Plain, nullable=False),
    Column("is_test", Boolean, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("last", BigInteger, nullable=False),
    Index("case_row_opened", "opened_us"),
    comment="what lists know of a case; its entries are the truth",
)

case_fact = Table(
    "case_fact",
    METADATA,
    Column("case_id", Plain, primary_key=True),
    Column("last", BigInteger, nullable=False, comment="the case's entry up to which they were derived"),
    Column("rules", Plain, nullable=False),
    Column("anchor_us", BigInteger, comment="null: it counts nowhere"),
    Column("facts", Text, nullable=False, comment="JSON (charting.quality.facts)"),
    Index("case_fact_anchor", "anchor_us"),
    comment="what quality counts, derived from the cases; can be derived again",
)

account = Table(
    "account",
    METADATA,
    Column("account", Plain, primary_key=True),
    Column("name", Plain, nullable=False),
    Column("roles", Plain, nullable=False, comment="with spaces"),
    Column("active", Boolean, nullable=False),
    Column("password", Plain, nullable=False, comment="argon2id"),
)

session = Table(
    "session",
    METADATA,
    Column("digest", Plain, primary_key=True, comment="SHA-256 of the token"),
    Column("account", Plain, ForeignKey("account.account"), nullable=False),
    Column("begun_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    Column("idle_us", BigInteger, nullable=False),
    Column("locked", Boolean, nullable=False),
    Index("session_account", "account"),
)

attempt = Table(
    "attempt",
    METADATA,
    Column("key", Plain, primary_key=True, comment="SHA-256 of an account's name or of an address"),
    Column("failures", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    comment="sign-ins that failed of late",
)

client = Table(
    "client",
    METADATA,
    Column("id", Plain, primary_key=True, comment="made up by the browser"),
    Column("account", Plain, nullable=False, comment="who was signed in last"),
    Column("version", Plain, nullable=False, comment="of the page that it shows"),
    Column("agent", Plain, nullable=False),
    Column("page", Plain, nullable=False, comment="which kind of page, without whose"),
    Column("seen_us", BigInteger, nullable=False),
    comment="browsers that show our pages",
)

inspection = Table(
    "inspection",
    METADATA,
    Column("id", Plain, primary_key=True),
    Column("kind", Plain, nullable=False, comment="inspection or performance"),
    Column("period", Plain, nullable=False, comment="as 2026-11, 2026-Q4, 2026"),
    Column("made_us", BigInteger, nullable=False),
    Column("body", Text, nullable=False, comment="JSON (charting.inspection)"),
    comment="inspection reports as they were made",
)

backup = Table(
    "backup",
    METADATA,
    Column("id", Plain, primary_key=True),
    Column("kind", Plain, nullable=False, comment="backup or restore_test"),
    Column("began_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("place", Plain, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("detail", Text, nullable=False, comment="JSON: what was compared, or what failed"),
    Index("backup_ended", "kind", "ended_us"),
    comment="runs of backups and of their trial restores",
)
