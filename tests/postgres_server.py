"""A real PostgreSQL for tests: import the fixtures in a conftest, mark the tests `postgres`."""

import asyncio
import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from tests.own_postgres import is_installed, running_postgres

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address, without a database, of a server of this test session, on loopback.

    It answers whoever asks, and does not care for a loss of power. Without the binaries the tests
    are skipped, but fail where they must run: with `CI` set.
    """
    if not is_installed():
        if os.environ.get("CI"):
            pytest.fail("CI needs a PostgreSQL server's binaries")
        pytest.skip("no PostgreSQL server's binaries")
    with running_postgres() as server:
        yield server.url.removesuffix("/postgres")


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """Address of a new, empty database."""
    name = f"t{uuid4().hex}"
    asyncio.run(_execute(f"{postgres_server}/postgres", f'CREATE DATABASE "{name}"'))
    return f"{postgres_server}/{name}"


async def _execute(address: str, statement: str) -> None:
    engine = create_async_engine(
        address.replace("postgresql", "postgresql+asyncpg"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as connection:
        await connection.exec_driver_sql(statement)
    await engine.dispose()
