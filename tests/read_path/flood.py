"""Closed loops of callers, each of which asks for something else every time."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from itertools import cycle
from typing import Any

import httpx

Ask = Callable[[str], dict[str, Any]]


def job(backend: str) -> Ask:
    """A document that reads one job now; one call upstream."""
    return lambda job_id: {
        "query": """
            query Job($backend: String!, $id: String!) {
              otaJob(by: {native: {backend: $backend, nativeId: $id}}, maxAgeSeconds: 0) { status }
            }""",
        "variables": {"backend": backend, "id": job_id},
    }


def counts(backend: str) -> Ask:
    """A document that counts the tasks of one job now; three calls upstream."""
    return lambda job_id: {
        "query": """
            query Counts($backend: String!, $id: String!) {
              otaJob(by: {native: {backend: $backend, nativeId: $id}}, maxAgeSeconds: 0) {
                taskCounts { total failed }
              }
            }""",
        "variables": {"backend": backend, "id": job_id},
    }


async def flood(
    endpoints: Iterable[str],
    asks: Iterable[Ask],
    job_ids: Iterable[str],
    *,
    width: int,
    seconds: float,
) -> Counter[str]:
    """Answers by outcome: `OK`, or the code of the error.

    At each endpoint each of `asks` has `width` callers, who ask without a pause for `seconds`; job
    ids are handed out in turn, so that no two callers ask for the same one at a time.
    """
    ids = cycle(job_ids)
    outcomes: Counter[str] = Counter()
    until = time.monotonic() + seconds

    async def caller(http: httpx.AsyncClient, endpoint: str, ask: Ask) -> None:
        while time.monotonic() < until:
            reply = await http.post(endpoint, json=ask(next(ids)))
            errors = reply.json().get("errors")
            outcomes[errors[0]["extensions"]["code"] if errors else "OK"] += 1

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as http:
        callers: list[Awaitable[None]] = [
            caller(http, endpoint, ask)
            for endpoint in endpoints
            for ask in asks
            for _ in range(width)
        ]
        await asyncio.gather(*callers)
    return outcomes
