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
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
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


def _where(condition: str) -> dict[str, Any]:
    """Of an index: which rows it has."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


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
    Index("case_row_number", "number"),
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

message = Table(
    "message",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("source", Plain, nullable=False, comment="name of the connection"),
    Column("key", Plain, nullable=False, comment="by which the sender tells messages apart"),
    Column("received_us", BigInteger, nullable=False),
    Column("occurred_us", BigInteger),
    Column("kind", Plain, nullable=False, comment="as ADT^A02"),
    Column("number", Plain, nullable=False, comment="the patient's"),
    Column("visit", Plain, nullable=False),
    Column("case_id", Plain, nullable=False),
    Column("state", Plain, nullable=False, comment="new, done, ignored, waiting or failed"),
    Column("done", Text, nullable=False, comment="JSON: what was done about it"),
    Column("body", LargeBinary, nullable=False, comment="as it came"),
    UniqueConstraint("source", "key", name="message_source_key"),
    Index("message_visit", "visit", "seq"),
    Index("message_number", "number", "seq"),
    Index("message_state", "state", "seq"),
    comment="what other systems told, and what was done about it",
)

hospital_event = Table(
    "hospital_event",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="the message that told it"),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Plain, nullable=False, comment="the patient's"),
    Column("old_number", Plain, nullable=False, comment="of a merge: the one that goes"),
    Column("visit", Plain, nullable=False),
    Column("booking", Plain, nullable=False, comment="as the scheduler calls it"),
    Column("body", Text, nullable=False, comment="JSON (charting.inbox.events)"),
    Index("hospital_event_visit", "visit"),
    Index("hospital_event_number", "number"),
    Index("hospital_event_old_number", "old_number"),
    Index("hospital_event_booking", "booking"),
    comment="what messages told, as it was read; can be read again",
)

booking = Table(
    "booking",
    METADATA,
    Column("id", Plain, primary_key=True, comment="as the scheduler calls it"),
    Column("number", Plain, nullable=False),
    Column("visit", Plain, nullable=False),
    Column("bed", Plain, nullable=False),
    Column("start_us", BigInteger),
    Column("state", Plain, nullable=False, comment="requested, booked, cancelled or no_show"),
    Column("case_id", Plain, nullable=False, comment="which was opened of it"),
    Column("body", Text, nullable=False, comment="JSON (charting.inbox)"),
    Index("booking_start", "start_us"),
    comment="the operation list, as messages and check-ins made it",
)

parcel = Table(
    "parcel",
    METADATA,
    Column("key", Plain, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("destination", Plain, nullable=False),
    Column("kind", Plain, nullable=False),
    Column("lane", Plain, nullable=False),
    Column("case_id", Plain, nullable=False),
    Column("control", Plain, nullable=False, comment="by which an answer names it"),
    Column("content_type", Plain, nullable=False),
    Column("path", Plain, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("next_us", BigInteger, nullable=False),
    Column("until_us", BigInteger),
    Column("attempts", BigInteger, nullable=False),
    Column("state", Plain, nullable=False, comment="waiting, answered, parked, expired or withdrawn"),
    Column("reason", Plain, nullable=False),
    Column("answered_us", BigInteger),
    Column("answer", LargeBinary, nullable=False),
    Column("told", Boolean, nullable=False, comment="false while somebody here waits for what was answered"),
    Column("log", Text, nullable=False, comment="JSON"),
    UniqueConstraint("seq", name="parcel_seq"),
    Index("parcel_state", "state", "destination", "seq"),
    Index("parcel_case", "case_id", "seq"),
    Index("parcel_open", "destination", "seq", **_where("state in ('waiting', 'parked')")),
    Index("parcel_ready", "destination", "next_us", **_where("state = 'waiting'")),
    Index("parcel_until", "state", "until_us", **_where("until_us is not null")),
    Index("parcel_untold", "seq", **_where("told = false")),
    Index("parcel_forget", "made_us", **_where("until_us is not null or length(body) > 0")),
    comment="what leaves for other systems",
)

charge = Table(
    "charge",
    METADATA,
    Column("id", Plain, primary_key=True, comment="of the transaction, FT1-2; never used again"),
    Column("case_id", Plain, nullable=False),
    Column("n", BigInteger, nullable=False, comment="in the order of the case's lines, from 0"),
    Column("document", Plain, nullable=False),
    Column("version", BigInteger, nullable=False, comment="of the document"),
    Column("point", BigInteger, nullable=False, comment="the entry that made it due"),
    Column("source", Plain, nullable=False, comment="the item of the record, or a kind of them"),
    Column("kind", Plain, nullable=False, comment="CG or CD"),
    Column("item", Plain, nullable=False, comment="of the catalogue"),
    Column("catalogue", Plain, nullable=False, comment="version of the catalogue"),
    Column("quantity", Plain, nullable=False, comment="a decimal"),
    Column("reverses", Plain, nullable=False, comment="the transaction that a credit takes back"),
    Column("at_us", BigInteger, nullable=False, comment="of the service"),
    Column("end_us", BigInteger, nullable=False),
    Column("number", Plain, nullable=False, comment="of the patient who is charged"),
    Column("visit", Plain, nullable=False),
    Column("account", Plain, nullable=False, comment="who signed or confirmed"),
    Column("made_us", BigInteger, nullable=False),
    Column("parcel", Plain, nullable=False, comment="the message that has it"),
    Column("state", Plain, nullable=False, comment="sent, accepted or withdrawn"),
    Column("settled_us", BigInteger),
    UniqueConstraint("case_id", "n", name="charge_case"),
    Index("charge_state", "state", "case_id"),
    Index("charge_made", "made_us"),
    comment="lines of bills",
)

api_client = Table(
    "api_client",
    METADATA,
    Column("id", Plain, primary_key=True),
    Column("name", Plain, nullable=False),
    Column("digest", Plain, nullable=False, comment="SHA-256 of the token"),
    Column("scopes", Plain, nullable=False, comment="with spaces"),
    Column("patient", Plain, nullable=False, comment="number of the only one whom it may read"),
    Column("active", Boolean, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("until_us", BigInteger),
    Column("used_us", BigInteger),
    UniqueConstraint("digest", name="api_client_digest"),
    comment="programs that may ask, and for what",
)

subscription = Table(
    "subscription",
    METADATA,
    Column("id", Plain, primary_key=True),
    Column("client", Plain, nullable=False),
    Column("topic", Plain, nullable=False),
    Column("body", Text, nullable=False, comment="JSON, the resource"),
    Column("state", Plain, nullable=False, comment="requested, active, error or off"),
    Column("since", BigInteger, nullable=False, comment="the last entry of the trail before it"),
    Column("events", BigInteger, nullable=False, comment="number of the last one"),
    Column("sent", BigInteger, nullable=False, comment="number of the last one that is in the outbox"),
    Column("handshake", BigInteger, nullable=False, comment="how many there were"),
    Column("made_us", BigInteger, nullable=False),
    Column("reason", Plain, nullable=False),
    comment="who wants to be told by FHIR",
)

notification = Table(
    "notification",
    METADATA,
    Column("subscription", Plain, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("cause", Plain, nullable=False, comment="the entry of the trail, or the charge"),
    Column("focus", Text, nullable=False, comment="resources, as Encounter/a; the first is what it is about"),
    UniqueConstraint("subscription", "cause", name="notification_cause"),
    Index("notification_at", "at_us"),
    comment="events of subscriptions",
)

cursor = Table(
    "cursor",
    METADATA,
    Column("name", Plain, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    comment="how far the audit trail was followed, and by whom",
)
