"""A thousand callers of one key, all at once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from tests.exactly_once.clients import Wish
from tests.exactly_once.processes import Clouds, Gateway

_TRIES: Final = 60
_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the callers were told in the end.

    Attributes:
        outcomes: how many callers, by the code of their first error, or `OK`.
        subjects: native ids of the jobs that they were given.
        first: how many were told that they wrote, and did not get the answer of another caller.
        sent_back: how often somebody was told to come back, or lost the connection, and asked
            again: a gateway takes so many at one time and no more.
    """

    outcomes: Counter[str]
    subjects: set[str]
    first: int
    sent_back: int


async def crowd(
    gateways: Sequence[Gateway], clouds: Clouds, wish: Wish, *, callers: int
) -> Answers:
    """Let so many callers ask for one wish at the same moment, in turn at each of the gateways."""
    body = wish.body(clouds)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    sent_back = 0

    async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:

        async def ask(number: int) -> dict[str, Any]:
            nonlocal sent_back
            for _ in range(_TRIES):
                try:
                    reply = await http.post(gateways[number % len(gateways)].endpoint, json=body)
                except httpx.TransportError:
                    payload = None
                else:
                    payload = _payload(reply.json())
                if payload is not None:
                    return payload
                sent_back += 1
                await asyncio.sleep(_PAUSE_S)
            message = "the gateways never had time for this caller"
            raise AssertionError(message)

        payloads = await asyncio.gather(*map(ask, range(callers)))
    outcomes: Counter[str] = Counter()
    for payload in payloads:
        errors = payload["errors"]
        outcomes[errors[0]["code"] if errors else "OK"] += 1
    done = [payload for payload in payloads if not payload["errors"]]
    return Answers(
        outcomes=outcomes,
        subjects={payload["operation"]["subject"] for payload in done},
        first=sum(not payload["replayed"] for payload in done),
        sent_back=sent_back,
    )


def _payload(answer: dict[str, Any]) -> dict[str, Any] | None:
    """What came of the write; None if its caller is to ask again, with the same key."""
    if not answer.get("data"):
        assert all(error["extensions"]["retryable"] for error in answer["errors"]), answer
        return None
    payload: dict[str, Any] = answer["data"]["createOtaJob"]
    return None if any(error["retryable"] for error in payload["errors"]) else payload
