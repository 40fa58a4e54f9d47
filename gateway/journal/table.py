"""The one table of the journal, as the last migration leaves it."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA: Final = MetaData()

# Columns hold what is filtered, sorted or decided by; times are microseconds since 1970, UTC. The
# write never changes and can be long, so it stands apart from what each step changes. JSON, not
# JSONB: a text that a cloud gave must come back as it was, and JSONB refuses some.
OPERATIONS: Final = Table(
    "operations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("principal", Text),
    Column("backend", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("idempotency_key", Text),
    Column("input_hash", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("subject", Text),
    Column("marker", Text),
    Column("write", JSON, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("owner", Text, nullable=False),
    Column("owned_until", BigInteger, nullable=False),
    # Operations without a key never collide: NULL equals nothing here.
    UniqueConstraint("tenant", "idempotency_key", name="operations_key"),
)

_LEFT_OPEN: Final = text("state IN ('PREPARED', 'SENT', 'UNKNOWN')")

Index(
    "operations_newest",
    OPERATIONS.c.tenant,
    OPERATIONS.c.created_at,
    OPERATIONS.c.id,
)
Index(
    "operations_open",
    OPERATIONS.c.owned_until,
    sqlite_where=_LEFT_OPEN,
    postgresql_where=_LEFT_OPEN,
)
