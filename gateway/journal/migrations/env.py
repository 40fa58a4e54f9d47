"""Runs the migrations on the connection that the journal hands in, within its transaction."""

from alembic import context

from gateway.journal.table import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # The transaction, and the lock in it, belong to who handed the connection in.
    transactional_ddl=False,
)
context.run_migrations()
