"""Accounts are connected as the settings say."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from gateway.app import accounts
from gateway.app.overrides import Overrides
from gateway.app.stores import redis_of
from gateway.settings import Settings
from gateway.transport.shared_budget import SharedPace


async def test_every_worker_of_every_replica_has_its_part_of_the_rate_while_redis_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shares: list[int] = []

    def noted(rates: dict[str, float], *, replicas: int, **given: Any) -> SharedPace:  # noqa: ANN401 - handed on
        shares.append(replicas)
        return SharedPace(rates, replicas=replicas, **given)

    monkeypatch.setattr(accounts, "SharedPace", noted)
    backend = {"provider": "alibaba", "access_key_id": "id", "access_key_secret": "a-secret-word"}
    settings = Settings.build(
        {
            "backends": {"one": backend},
            "cache": {"url": "redis://127.0.0.1:9/0", "replicas": 3},
            "server": {"workers": 2},
        }
    )
    async with AsyncExitStack() as stack:
        redis = await redis_of(settings.cache, stack)
        accounts.connected_accounts(settings, Overrides.none(), redis, stack)

    assert shares == [6]
