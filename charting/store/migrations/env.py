"""What Alembic runs: revisions on the connection, and in the transaction, that charting.store.migrate gives."""

from alembic import context

from charting.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
