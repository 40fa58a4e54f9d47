"""The journal on each database it can be kept in."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from gateway.journal.opening import open_journal
from gateway.journal.sql_journal import SqlJournal
from tests.postgres_server import postgres_server, postgres_url

__all__ = ["journal", "journal_url", "other", "postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def journal_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/journal.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def journal(journal_url: str) -> AsyncIterator[SqlJournal]:
    async with aclosing(await open_journal(journal_url)) as opened:
        yield opened


@pytest.fixture
async def other(journal: SqlJournal, journal_url: str) -> AsyncIterator[SqlJournal]:
    """The same store, as another replica has it."""
    async with aclosing(await open_journal(journal_url)) as opened:
        yield opened
