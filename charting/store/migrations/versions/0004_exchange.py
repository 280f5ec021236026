"""What is exchanged with the hospital's other systems: messages in, parcels out, bookings, charges, tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0004_exchange"
down_revision = "0003_operations"

_GRANTED = """
grant select, insert, update, delete on
message, hospital_event, booking, parcel, charge, api_client, subscription, notification, cursor to vitalsd_chart
"""


def upgrade() -> None:
    postgresql = op.get_context().dialect.name == "postgresql"
    plain = sa.Text(collation="C") if postgresql else sa.Text()
    op.create_index("case_row_number", "case_row", ["number"])
    op.create_table(
        "message",
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("source", plain, nullable=False, comment="name of the connection"),
        sa.Column("key", plain, nullable=False, comment="by which the sender tells messages apart"),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.Column("occurred_us", sa.BigInteger),
        sa.Column("kind", plain, nullable=False, comment="as ADT^A02"),
        sa.Column("number", plain, nullable=False, comment="the patient's"),
        sa.Column("visit", plain, nullable=False),
        sa.Column("case_id", plain, nullable=False),
        sa.Column("state", plain, nullable=False, comment="new, done, ignored, waiting or failed"),
        sa.Column("done", sa.Text, nullable=False, comment="JSON: what was done about it"),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="as it came"),
        sa.PrimaryKeyConstraint("seq", name="message_pkey"),
        sa.UniqueConstraint("source", "key", name="message_source_key"),
        comment="what other systems told, and what was done about it",
    )
    op.create_index("message_visit", "message", ["visit", "seq"])
    op.create_index("message_number", "message", ["number", "seq"])
    op.create_index("message_state", "message", ["state", "seq"])
    op.create_table(
        "hospital_event",
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False, comment="the message that told it"),
        sa.Column("n", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("number", plain, nullable=False, comment="the patient's"),
        sa.Column("old_number", plain, nullable=False, comment="of a merge: the one that goes"),
        sa.Column("visit", plain, nullable=False),
        sa.Column("booking", plain, nullable=False, comment="as the scheduler calls it"),
        sa.Column("body", sa.Text, nullable=False, comment="JSON (charting.inbox.events)"),
        sa.PrimaryKeyConstraint("seq", "n", name="hospital_event_pkey"),
        comment="what messages told, as it was read; can be read again",
    )
    for column in ("visit", "number", "old_number", "booking"):
        op.create_index(f"hospital_event_{column}", "hospital_event", [column])
    op.create_table(
        "booking",
        sa.Column("id", plain, nullable=False, comment="as the scheduler calls it"),
        sa.Column("number", plain, nullable=False),
        sa.Column("visit", plain, nullable=False),
        sa.Column("bed", plain, nullable=False),
        sa.Column("start_us", sa.BigInteger),
        sa.Column("state", plain, nullable=False, comment="requested, booked, cancelled or no_show"),
        sa.Column("case_id", plain, nullable=False, comment="which was opened of it"),
        sa.Column("body", sa.Text, nullable=False, comment="JSON (charting.inbox)"),
        sa.PrimaryKeyConstraint("id", name="booking_pkey"),
        comment="the operation list, as messages and check-ins made it",
    )
    op.create_index("booking_start", "booking", ["start_us"])
    op.create_table(
        "parcel",
        sa.Column("key", plain, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("destination", plain, nullable=False),
        sa.Column("kind", plain, nullable=False),
        sa.Column("lane", plain, nullable=False),
        sa.Column("case_id", plain, nullable=False),
        sa.Column("control", plain, nullable=False, comment="by which an answer names it"),
        sa.Column("content_type", plain, nullable=False),
        sa.Column("path", plain, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("next_us", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("state", plain, nullable=False, comment="waiting, answered, parked, expired or withdrawn"),
        sa.Column("reason", plain, nullable=False),
        sa.Column("answered_us", sa.BigInteger),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False, comment="false while somebody here waits for what was answered"),
        sa.Column("log", sa.Text, nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("key", name="parcel_pkey"),
        sa.UniqueConstraint("seq", name="parcel_seq"),
        comment="what leaves for other systems",
    )
    op.create_index("parcel_state", "parcel", ["state", "destination", "seq"])
    op.create_index("parcel_case", "parcel", ["case_id", "seq"])
    for name, columns, condition in (
        ("parcel_open", ["destination", "seq"], "state in ('waiting', 'parked')"),
        ("parcel_ready", ["destination", "next_us"], "state = 'waiting'"),
        ("parcel_until", ["state", "until_us"], "until_us is not null"),
        ("parcel_untold", ["seq"], "told = false"),
        ("parcel_forget", ["made_us"], "until_us is not null or length(body) > 0"),
    ):
        where = sa.text(condition)
        op.create_index(name, "parcel", columns, postgresql_where=where, sqlite_where=where)
    op.create_table(
        "charge",
        sa.Column("id", plain, nullable=False, comment="of the transaction, FT1-2; never used again"),
        sa.Column("case_id", plain, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False, comment="in the order of the case's lines, from 0"),
        sa.Column("document", plain, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, comment="of the document"),
        sa.Column("point", sa.BigInteger, nullable=False, comment="the entry that made it due"),
        sa.Column("source", plain, nullable=False, comment="the item of the record, or a kind of them"),
        sa.Column("kind", plain, nullable=False, comment="CG or CD"),
        sa.Column("item", plain, nullable=False, comment="of the catalogue"),
        sa.Column("catalogue", plain, nullable=False, comment="version of the catalogue"),
        sa.Column("quantity", plain, nullable=False, comment="a decimal"),
        sa.Column("reverses", plain, nullable=False, comment="the transaction that a credit takes back"),
        sa.Column("at_us", sa.BigInteger, nullable=False, comment="of the service"),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("number", plain, nullable=False, comment="of the patient who is charged"),
        sa.Column("visit", plain, nullable=False),
        sa.Column("account", plain, nullable=False, comment="who signed or confirmed"),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("parcel", plain, nullable=False, comment="the message that has it"),
        sa.Column("state", plain, nullable=False, comment="sent, accepted or withdrawn"),
        sa.Column("settled_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="charge_pkey"),
        sa.UniqueConstraint("case_id", "n", name="charge_case"),
        comment="lines of bills",
    )
    op.create_index("charge_state", "charge", ["state", "case_id"])
    op.create_index("charge_made", "charge", ["made_us"])
    op.create_table(
        "api_client",
        sa.Column("id", plain, nullable=False),
        sa.Column("name", plain, nullable=False),
        sa.Column("digest", plain, nullable=False, comment="SHA-256 of the token"),
        sa.Column("scopes", plain, nullable=False, comment="with spaces"),
        sa.Column("patient", plain, nullable=False, comment="number of the only one whom it may read"),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger),
        sa.Column("used_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="api_client_pkey"),
        sa.UniqueConstraint("digest", name="api_client_digest"),
        comment="programs that may ask, and for what",
    )
    op.create_table(
        "subscription",
        sa.Column("id", plain, nullable=False),
        sa.Column("client", plain, nullable=False),
        sa.Column("topic", plain, nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="JSON, the resource"),
        sa.Column("state", plain, nullable=False, comment="requested, active, error or off"),
        sa.Column("since", sa.BigInteger, nullable=False, comment="the last entry of the trail before it"),
        sa.Column("events", sa.BigInteger, nullable=False, comment="number of the last one"),
        sa.Column("sent", sa.BigInteger, nullable=False, comment="number of the last one that is in the outbox"),
        sa.Column("handshake", sa.BigInteger, nullable=False, comment="how many there were"),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("reason", plain, nullable=False),
        sa.PrimaryKeyConstraint("id", name="subscription_pkey"),
        comment="who wants to be told by FHIR",
    )
    op.create_table(
        "notification",
        sa.Column("subscription", plain, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("cause", plain, nullable=False, comment="the entry of the trail, or the charge"),
        sa.Column("focus", sa.Text, nullable=False, comment="resources, as Encounter/a; the first is what it is about"),
        sa.PrimaryKeyConstraint("subscription", "number", name="notification_pkey"),
        sa.UniqueConstraint("subscription", "cause", name="notification_cause"),
        comment="events of subscriptions",
    )
    op.create_index("notification_at", "notification", ["at_us"])
    op.create_table(
        "cursor",
        sa.Column("name", plain, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="cursor_pkey"),
        comment="how far the audit trail was followed, and by whom",
    )
    if postgresql:
        op.execute(_GRANTED)
