"""Operations: the first table.

There is no way back: it would forget what was sent.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table of operations and what finds rows in it."""
    op.create_table(
        "operations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("principal", sa.Text),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("input_hash", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("marker", sa.Text),
        sa.Column("write", sa.JSON, nullable=False),
        sa.Column("progress", sa.JSON, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("owned_until", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("tenant", "idempotency_key", name="operations_key"),
    )
    op.create_index("operations_newest", "operations", ["tenant", "created_at", "id"])
    left_open = sa.text("state IN ('PREPARED', 'SENT', 'UNKNOWN')")
    op.create_index(
        "operations_open",
        "operations",
        ["owned_until"],
        sqlite_where=left_open,
        postgresql_where=left_open,
    )
