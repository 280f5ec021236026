"""Clients, inspection reports and backups; whether a case is open at a bed."""

import sqlalchemy as sa
from alembic import op

revision = "0003_operations"
down_revision = "0002_quality"

# A gateway that may not read cases asks before it updates itself.
_OCCUPIED = """
create function occupied(a_bed text) returns boolean language sql stable security definer
set search_path = charting, pg_temp
return exists (select from case_row where bed = a_bed and state = 'open');
revoke execute on function occupied from public;
grant usage on schema charting to vitalsd_bed;
grant execute on function occupied to vitalsd_bed, vitalsd_chart;
grant select, insert, update, delete on client, inspection, backup to vitalsd_chart
"""


def upgrade() -> None:
    postgresql = op.get_context().dialect.name == "postgresql"
    plain = sa.Text(collation="C") if postgresql else sa.Text()
    op.create_table(
        "client",
        sa.Column("id", plain, nullable=False, comment="made up by the browser"),
        sa.Column("account", plain, nullable=False, comment="who was signed in last"),
        sa.Column("version", plain, nullable=False, comment="of the page that it shows"),
        sa.Column("agent", plain, nullable=False),
        sa.Column("page", plain, nullable=False, comment="which kind of page, without whose"),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="client_pkey"),
        comment="browsers that show our pages",
    )
    op.create_table(
        "inspection",
        sa.Column("id", plain, nullable=False),
        sa.Column("kind", plain, nullable=False, comment="inspection or performance"),
        sa.Column("period", plain, nullable=False, comment="as 2026-11, 2026-Q4, 2026"),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="JSON (charting.inspection)"),
        sa.PrimaryKeyConstraint("id", name="inspection_pkey"),
        comment="inspection reports as they were made",
    )
    op.create_table(
        "backup",
        sa.Column("id", plain, nullable=False),
        sa.Column("kind", plain, nullable=False, comment="backup or restore_test"),
        sa.Column("began_us", sa.BigInteger, nullable=False),
        sa.Column("ended_us", sa.BigInteger, nullable=False),
        sa.Column("ok", sa.Boolean, nullable=False),
        sa.Column("place", plain, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("detail", sa.Text, nullable=False, comment="JSON: what was compared, or what failed"),
        sa.PrimaryKeyConstraint("id", name="backup_pkey"),
        comment="runs of backups and of their trial restores",
    )
    op.create_index("backup_ended", "backup", ["kind", "ended_us"])
    if postgresql:
        for statement in _OCCUPIED.split(";"):
            op.execute(statement)
