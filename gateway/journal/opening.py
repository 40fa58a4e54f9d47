"""Opening the journal: the engine for its address, and tables as this version needs them."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.domain.errors import JournalUnavailableError
from gateway.journal.sql_journal import FAILURES, SqlJournal

_TIMEOUT_S: Final = 2.0
# Replicas that start together wait for the first of them to prepare the tables.
_MIGRATION_S: Final = 30.0
_MIGRATION_LOCK: Final = 0x6F74615F6A6E6C  # "ota_jnl"; any number that nobody else takes
_MIGRATIONS: Final = Path(__file__).with_name("migrations")


async def open_journal(url: str, *, timeout_s: float = _TIMEOUT_S) -> SqlJournal:
    """The journal at `url`, its tables made or brought up to date.

    Args:
        url: `sqlite:///relative/or//absolute/path` (the folder is made), or
            `postgresql://user:password@host:port/database?sslmode=...`.
        timeout_s: how long one call of the journal may take.

    Raises:
        ValueError: `url` is neither, or is SQLite without a file, which would forget all writes.
        JournalUnavailableError: it cannot be reached, or a newer version of the gateway has
            changed its tables.
    """
    address = _address(url)
    try:
        await _migrate(address)
    except FAILURES as error:
        message = f"the journal of writes cannot be opened ({type(error).__name__})"
        raise JournalUnavailableError(message) from None
    except CommandError:
        message = "the journal's tables were made by a newer version of the gateway"
        raise JournalUnavailableError(message) from None
    return SqlJournal(_engine(address, timeout_s), timeout_s=timeout_s)


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        message = "the journal's address is no URL"
        raise ValueError(message) from None
    match address.drivername:
        case "sqlite" | "sqlite+aiosqlite":
            if address.database in {None, "", ":memory:"} or address.query:
                message = "the journal needs a plain file: sqlite:///path/to/journal.db"
                raise ValueError(message)
            return address.set(drivername="sqlite+aiosqlite")
        case "postgres" | "postgresql" | "postgresql+asyncpg":
            if address.query.keys() - {"sslmode"}:
                message = "the journal's address takes one parameter: sslmode"
                raise ValueError(message)
            # The driver calls by `ssl` what every other PostgreSQL client calls `sslmode`.
            query = {"ssl": address.query["sslmode"]} if address.query else {}
            return address.set(drivername="postgresql+asyncpg", query=query)
        case _:
            message = "the journal is kept in sqlite or postgresql"
            raise ValueError(message)


def _engine(address: URL, timeout_s: float) -> AsyncEngine:
    # Each statement commits by itself; none is ever shown with its values, which may be private.
    shared: dict[str, Any] = {
        "isolation_level": "AUTOCOMMIT",
        "hide_parameters": True,
        "pool_timeout": timeout_s,
        "max_overflow": 0,
    }
    if address.get_backend_name() == "postgresql":
        return create_async_engine(
            address,
            **shared,
            pool_size=5,
            pool_pre_ping=True,  # else each connection fails once after the server's restart
            connect_args={
                "timeout": min(timeout_s, _TIMEOUT_S),
                "command_timeout": timeout_s,
                "server_settings": {"application_name": "ota-gateway"},
            },
        )
    # One connection: SQLite lets one write at a time, and waits for its turn unfairly.
    engine = create_async_engine(
        address, **shared, pool_size=1, connect_args={"timeout": timeout_s}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _durable(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
        cursor = connection.cursor()
        # With a write-ahead log, only FULL outlasts a loss of power.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    return engine


async def _migrate(address: URL) -> None:
    """Bring the tables to the newest revision, one process at a time."""
    if address.database is not None and address.get_backend_name() == "sqlite":
        folder = Path(address.database).parent
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    engine = _engine(address, _MIGRATION_S)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        connection = await stack.enter_async_context(engine.connect())
        if engine.dialect.name == "sqlite":
            await _write_ahead(connection)
            await connection.execute(text("BEGIN IMMEDIATE"))
        else:
            await connection.execute(text("BEGIN"))
            lock = text("SELECT pg_advisory_xact_lock(:number)")
            await connection.execute(lock, {"number": _MIGRATION_LOCK})
        try:
            await connection.run_sync(_upgrade)
        except BaseException:
            await connection.execute(text("ROLLBACK"))
            raise
        await connection.execute(text("COMMIT"))


async def _write_ahead(connection: AsyncConnection) -> None:
    """Switch the file to a write-ahead log, for good.

    SQLite does not wait for others that have the file open at this moment, so this does.
    """
    async with asyncio.timeout(_MIGRATION_S):
        while True:
            try:
                await connection.execute(text("PRAGMA journal_mode = WAL"))
            except OperationalError as error:
                if "locked" not in str(error.orig):
                    raise
                await asyncio.sleep(0.05)
            else:
                return


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
