"""Entries and their head, cases, accounts, sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0001_initial"
down_revision = None

SQLITE = """
create trigger entry_update before update on entry begin select raise(abort, 'entries are only added'); end;;
create trigger entry_delete before delete on entry begin select raise(abort, 'entries are only added'); end;;
create trigger head_forward before update on head when new.seq < old.seq
begin select raise(abort, 'the head goes forward'); end;;
create trigger head_stays before delete on head begin select raise(abort, 'the head goes forward'); end
"""

POSTGRESQL = """
create function refuse() returns trigger language plpgsql as
$$ begin raise exception 'entries are only added'; end $$;;
revoke execute on function refuse from public;;
create trigger entry_append_only before update or delete or truncate on entry
for each statement execute function refuse();;
create trigger head_forward before update on head for each row when (new.seq < old.seq) execute function refuse();;
create trigger head_stays before delete or truncate on head for each statement execute function refuse();;
grant usage on schema charting to vitalsd_chart;;
grant select on alembic_version to vitalsd_chart;;
grant select, insert on entry to vitalsd_chart;;
grant select, update on head to vitalsd_chart;;
grant select, insert, update on case_row, account to vitalsd_chart;;
grant select, insert, update, delete on session, attempt to vitalsd_chart
"""


def upgrade() -> None:
    dialect = op.get_context().dialect.name
    plain = sa.Text(collation="C") if dialect == "postgresql" else sa.Text()
    op.create_table(
        "entry",
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", plain, nullable=False),
        sa.Column("case_id", plain, nullable=False),
        sa.Column("kind", plain, nullable=False),
        sa.Column("text", sa.Text, nullable=False, comment="what was hashed (charting.trail.chain)"),
        sa.Column("hash", plain, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="entry_pkey"),
        comment="the audit trail",
    )
    op.create_index("entry_case", "entry", ["case_id", "seq"])
    op.create_index("entry_kind", "entry", ["kind", "seq"])
    op.create_table(
        "head",
        sa.Column("id", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("hash", plain, nullable=False),
        sa.PrimaryKeyConstraint("id", name="head_pkey"),
        sa.CheckConstraint("id = 1", name="head_one_check"),
        comment="the last entry: one row, changed first by whoever appends",
    )
    op.execute("insert into head (id, seq, at_us, hash) values (1, 0, 0, '')")
    op.create_table(
        "case_row",
        sa.Column("case_id", plain, nullable=False),
        sa.Column("state", plain, nullable=False),
        sa.Column("bed", plain, nullable=False),
        sa.Column("area", plain, nullable=False),
        sa.Column("opened_us", sa.BigInteger, nullable=False),
        sa.Column("closed_us", sa.BigInteger),
        sa.Column("number", plain, nullable=False),
        sa.Column("name", plain, nullable=False),
        sa.Column("temporary", plain, nullable=False),
        sa.Column("procedure", plain, nullable=False),
        sa.Column("is_test", sa.Boolean, nullable=False),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="case_row_pkey"),
        comment="what lists know of a case; its entries are the truth",
    )
    op.create_index("case_row_opened", "case_row", ["opened_us"])
    op.create_table(
        "account",
        sa.Column("account", plain, nullable=False),
        sa.Column("name", plain, nullable=False),
        sa.Column("roles", plain, nullable=False, comment="with spaces"),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("password", plain, nullable=False, comment="argon2id"),
        sa.PrimaryKeyConstraint("account", name="account_pkey"),
    )
    op.create_table(
        "session",
        sa.Column("digest", plain, nullable=False, comment="SHA-256 of the token"),
        sa.Column("account", plain, nullable=False),
        sa.Column("begun_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger, nullable=False),
        sa.Column("idle_us", sa.BigInteger, nullable=False),
        sa.Column("locked", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="session_pkey"),
        sa.ForeignKeyConstraint(["account"], ["account.account"], name="session_account_fkey"),
    )
    op.create_index("session_account", "session", ["account"])
    op.create_table(
        "attempt",
        sa.Column("key", plain, nullable=False, comment="SHA-256 of an account's name or of an address"),
        sa.Column("failures", sa.BigInteger, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="attempt_pkey"),
        comment="sign-ins that failed of late",
    )
    for statement in (POSTGRESQL if dialect == "postgresql" else SQLITE).split(";;"):
        op.execute(statement)
