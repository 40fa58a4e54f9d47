"""Opening a journal, and what becomes of it when its database fails."""

import asyncio
import logging
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.domain.errors import JournalUnavailableError
from gateway.journal.opening import open_journal
from gateway.journal.sql_journal import SqlJournal
from gateway.journal.table import METADATA
from tests.journal.samples import LATER, OPERATION, operation

SECRET = "canary-3f9a"
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


async def run(url: str, *statements: str) -> None:
    """Do something to the database behind the journal's back."""
    address = make_url(url)
    engine = create_async_engine(address.set(drivername=DRIVERS[address.drivername]))
    async with engine.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await engine.dispose()


async def test_the_folder_is_made_and_the_file_outlasts_a_loss_of_power(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "100%.db"

    async with (
        aclosing(await open_journal(f"sqlite:///{file}")) as journal,
        journal._engine.connect() as connection,  # noqa: SLF001 - each connection has its own
    ):
        modes = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        ]

    full = 2
    assert modes == ["wal", full, 2_000]
    assert file.exists()


async def test_a_relative_path_is_taken_from_where_the_gateway_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    await (await open_journal("sqlite:///journal.db")).aclose()

    assert (tmp_path / "journal.db").exists()


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("sqlite://", "the journal needs a plain file: sqlite:///path/to/journal.db"),
        ("sqlite:///:memory:", "the journal needs a plain file: sqlite:///path/to/journal.db"),
        (
            "sqlite:///file:j.db?mode=memory&uri=true",
            "the journal needs a plain file: sqlite:///path/to/journal.db",
        ),
        (f"mysql://u:{SECRET}@h/d", "the journal is kept in sqlite or postgresql"),
        (f"{SECRET}", "the journal's address is no URL"),
        (
            f"postgresql://h/d?passfile={SECRET}",
            "the journal's address takes one parameter: sslmode",
        ),
    ],
)
async def test_what_could_not_keep_a_journal_is_refused(url: str, refusal: str) -> None:
    with pytest.raises(ValueError, match="journal") as refused:
        await open_journal(url)

    assert str(refused.value) == refusal


async def test_the_tables_are_those_that_the_code_knows(
    journal: SqlJournal, journal_url: str
) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), METADATA))

    async with journal._engine.connect() as connection:  # noqa: SLF001
        assert await connection.run_sync(differences) == []


async def test_replicas_that_start_together_make_the_tables_once(journal_url: str) -> None:
    async with AsyncExitStack() as stack:
        replicas = await asyncio.gather(*(open_journal(journal_url) for _ in range(6)))
        for replica in replicas:
            stack.push_async_callback(replica.aclose)

        assert await replicas[0].claim(OPERATION, owner="me", until=LATER) is None
        for replica in replicas:
            assert await replica.get("o-1", tenant="acme") == OPERATION


async def test_opened_again_it_still_knows(journal_url: str) -> None:
    for expected in (None, OPERATION):
        async with aclosing(await open_journal(journal_url)) as journal:
            assert await journal.claim(OPERATION, owner="me", until=LATER) == expected


async def test_tables_of_a_newer_version_are_left_alone(
    journal: SqlJournal, journal_url: str
) -> None:
    await run(journal_url, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(JournalUnavailableError) as failed:
        await open_journal(journal_url)

    assert (
        failed.value.message == "the journal's tables were made by a newer version of the gateway"
    )


async def test_tables_that_cannot_be_made_leave_nothing_behind(journal_url: str) -> None:
    # The index's name is taken, so that the migration fails after it has made the table.
    await run(journal_url, "CREATE TABLE t (a INT)", "CREATE INDEX operations_newest ON t (a)")

    with pytest.raises(JournalUnavailableError):
        await open_journal(journal_url)

    await run(journal_url, "DROP TABLE t", "CREATE TABLE operations (a INT)")


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    file.write_text("not a database" * 100)

    with pytest.raises(JournalUnavailableError) as failed:
        await open_journal(f"sqlite:///{file}")

    assert failed.value.message == "the journal of writes cannot be opened (DatabaseError)"


async def test_a_place_where_no_file_can_be_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for place in (tmp_path / "file" / "journal.db", tmp_path):
        with pytest.raises(JournalUnavailableError):
            await open_journal(f"sqlite:///{place}")


async def test_a_server_that_does_not_answer_is_unavailable_and_no_secret_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with pytest.raises(JournalUnavailableError) as failed:
        await open_journal(f"postgresql://gateway:{SECRET}@127.0.0.1:{port}/journal")

    assert failed.value.message == "the journal of writes cannot be opened (ConnectionRefusedError)"
    assert SECRET not in caplog.text


async def test_a_store_that_is_held_up_is_unavailable_in_time_and_then_works(
    journal_url: str,
) -> None:
    async with aclosing(await open_journal(journal_url, timeout_s=0.2)) as journal:
        async with held_up(journal_url):
            started = asyncio.get_running_loop().time()
            claims = (
                journal.claim(operation(f"n-{n}"), owner="me", until=LATER) for n in range(20)
            )

            failures = await asyncio.gather(*claims, return_exceptions=True)

            assert {type(failure) for failure in failures} == {JournalUnavailableError}
            assert asyncio.get_running_loop().time() - started < 1.5

        async with asyncio.timeout(20):  # until what was given up has ended
            while not await answers(journal):
                pass
        assert await journal.claim(OPERATION, owner="me", until=LATER) is None


async def answers(journal: SqlJournal) -> bool:
    try:
        await journal.get("none", tenant="acme")
    except JournalUnavailableError:
        return False
    return True


@asynccontextmanager
async def held_up(url: str) -> AsyncIterator[None]:
    """Let nobody else write meanwhile."""
    if url.startswith("sqlite"):
        path = make_url(url).database or ""
        with closing(sqlite3.connect(path, isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            yield
        return
    engine = create_async_engine(make_url(url).set(drivername=DRIVERS["postgresql"]))
    async with engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE operations IN ACCESS EXCLUSIVE MODE")
        yield
    await engine.dispose()


async def test_every_call_tells_that_a_broken_store_is_unavailable_and_no_value_of_it(
    journal: SqlJournal, journal_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await run(journal_url, "DROP TABLE operations")
    private = operation(SECRET, principal=SECRET)
    caplog.set_level(logging.DEBUG)

    for call in (
        journal.claim(private, owner="me", until=LATER),
        journal.reclaim(private, owner="me", until=LATER),
        journal.record(private, owner="me", until=LATER),
        journal.get(SECRET, tenant="acme"),
        journal.find_by_key(SECRET, tenant="acme"),
        journal.take_over(owner="me", until=LATER, now=LATER, limit=1),
    ):
        with pytest.raises(JournalUnavailableError) as failed:
            await call
        assert failed.value.message == "the journal of writes cannot be reached; try again soon"
        assert failed.value.retry_after_s == 1.0
        assert failed.value.__cause__ is None
        assert failed.value.__suppress_context__

    said = [record for record in caplog.records if record.message == "journal.unavailable"]
    assert len(said) == 6
    # aiosqlite tells all it does at its debug level, for which it must not be set.
    ours = [record for record in caplog.records if not record.name.startswith("aiosqlite")]
    assert not [record for record in ours if SECRET in str(record.__dict__)]


@pytest.mark.postgres
async def test_a_server_that_was_restarted_is_used_again_at_once(postgres_url: str) -> None:
    async with aclosing(await open_journal(postgres_url)) as journal:
        await journal.claim(OPERATION, owner="me", until=LATER)
        await run(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'ota-gateway' AND datname = current_database()",
        )

        assert await journal.get("o-1", tenant="acme") == OPERATION
