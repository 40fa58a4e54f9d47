"""Fixtures of the proofs that need a real Redis or PostgreSQL, or clouds of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exactly_once.processes import Clouds, running_clouds
from tests.postgres_server import postgres_server, postgres_url
from tests.redis_server import redis_server, redis_url

__all__ = [
    "clouds",
    "journal_url",
    "postgres_server",
    "postgres_url",
    "redis_server",
    "redis_url",
]


@pytest.fixture(scope="session")
def clouds() -> Iterator[Clouds]:
    """Both clouds in a process that all proofs of this session share."""
    with running_clouds() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def journal_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty journal that replicas can share."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'journal.sqlite3'}"
    url: str = request.getfixturevalue("postgres_url")
    return url
