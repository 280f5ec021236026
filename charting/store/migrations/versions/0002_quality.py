"""Facts of cases, for quality."""

import sqlalchemy as sa
from alembic import op

revision = "0002_quality"
down_revision = "0001_initial"


def upgrade() -> None:
    postgresql = op.get_context().dialect.name == "postgresql"
    plain = sa.Text(collation="C") if postgresql else sa.Text()
    op.create_table(
        "case_fact",
        sa.Column("case_id", plain, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False, comment="the case's entry up to which they were derived"),
        sa.Column("rules", plain, nullable=False),
        sa.Column("anchor_us", sa.BigInteger, comment="null: it counts nowhere"),
        sa.Column("facts", sa.Text, nullable=False, comment="JSON (charting.quality.facts)"),
        sa.PrimaryKeyConstraint("case_id", name="case_fact_pkey"),
        comment="what quality counts, derived from the cases; can be derived again",
    )
    op.create_index("case_fact_anchor", "case_fact", ["anchor_us"])
    if postgresql:
        op.execute("grant select, insert, update, delete on case_fact to vitalsd_chart")
