"""Ask several backends at once, under one deadline; answers and failures come back as values."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from gateway.domain.call import current_call
from gateway.domain.errors import DeadlineExceededError, GatewayError
from gateway.service.incident import report_incident

T = TypeVar("T")

_LEFT_FOR_ANSWER_S = 0.25
"""Kept back from the caller's deadline, so that there is time to answer with what has come in."""


async def ask_all(
    calls: Mapping[str, Callable[[], Awaitable[T]]], *, patience_s: float
) -> dict[str, T | GatewayError]:
    """The answer or the failure of every call, by its key.

    A call that takes longer than `patience_s`, or longer than the caller's deadline allows, is
    cancelled and counts as `DeadlineExceededError`; reads it had under way go on for the cache.
    No call outlives this one, even if the caller is cancelled.
    """
    remaining = current_call().remaining_s()
    limit = patience_s if remaining is None else min(patience_s, remaining - _LEFT_FOR_ANSWER_S)
    tasks = {key: asyncio.create_task(_run(call)) for key, call in calls.items()}
    if tasks:
        try:
            await asyncio.wait(tasks.values(), timeout=max(0.0, limit))
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
    outcomes: dict[str, T | GatewayError] = {}
    for key, task in tasks.items():
        outcome: T | GatewayError = _outcome(task)  # named, so that mypy infers `T` from the task
        outcomes[key] = outcome
    return outcomes


async def _run(call: Callable[[], Awaitable[T]]) -> T:
    """Run a call in its task from its first step on: one that fails to start fails alone."""
    return await call()


def _outcome(task: asyncio.Task[T]) -> T | GatewayError:
    if task.cancelled():
        return DeadlineExceededError(
            "no answer from this backend in time; what it sends is kept, so ask again shortly",
            retry_after_s=1.0,
        )
    error = task.exception()
    if error is None:
        return task.result()
    return error if isinstance(error, GatewayError) else report_incident(error)
