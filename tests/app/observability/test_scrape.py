"""Who may see the metrics, and what they are given."""

from collections.abc import Mapping
from typing import Final

import httpx
import pytest
from fastapi import FastAPI

from gateway.access.gatekeeper import OpenGate
from gateway.app.observability.prometheus import PrometheusMetrics
from gateway.app.observability.scrape import ScrapeDoor, metrics_routes
from gateway.domain.errors import (
    SignInUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from gateway.domain.principal import Principal, Role
from tests.app.observability.scraped import value

TOKEN: Final = "scrape-token-of-some-length"
ELSEWHERE: Final = "203.0.113.9"


class Gate:
    """Knows one principal of each role, by its name."""

    async def admit(self, authorization: str | None) -> Principal:
        word = (authorization or "").removeprefix("Bearer ")
        if word == "busy":
            message = "too often"
            raise TooManyRequestsError(message, retry_after_s=1.2)
        if word == "outage":
            message = "cannot be checked"
            raise SignInUnavailableError(message, retry_after_s=5)
        if word not in list(Role):
            message = "wrong credentials"
            raise UnauthenticatedError(message)
        return Principal(id=f"key:{word}", tenant="acme", role=Role(word))


async def scrape(
    *,
    client: str = ELSEWHERE,
    public: bool = False,
    token: str | None = TOKEN,
    headers: Mapping[str, str] | None = None,
    metrics: PrometheusMetrics | None = None,
) -> httpx.Response:
    app = FastAPI()
    numbers = metrics or PrometheusMetrics(strict=True)
    app.include_router(
        metrics_routes(
            numbers,
            ScrapeDoor(Gate(), public=public, token=token),
            refresh=lambda: numbers.set("ota_gateway_ready", 1),
        )
    )
    transport = httpx.ASGITransport(app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        raw = [(name.encode(), text.encode("latin-1")) for name, text in (headers or {}).items()]
        return await http.get("/metrics", headers=raw)


def bearer(word: str) -> dict[str, str]:
    return {"authorization": f"Bearer {word}"}


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1"])
async def test_this_machine_needs_no_credentials(client: str) -> None:
    reply = await scrape(client=client)
    assert reply.status_code == 200
    assert value(reply.content, "ready") == 1


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
async def test_who_comes_through_a_proxy_on_this_machine_is_not_of_this_machine(
    header: str,
) -> None:
    reply = await scrape(client="127.0.0.1", headers={header: ELSEWHERE})
    assert reply.status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        (bearer("wrong"), 401),
        ({"authorization": TOKEN}, 401),
        (bearer(TOKEN + "x"), 401),
        ({"authorization": "Bearer \xff"}, 401),
        (bearer("read"), 403),
        (bearer("operate"), 403),
        (bearer("admin"), 200),
        (bearer(TOKEN), 200),
        (bearer("busy"), 429),
        (bearer("outage"), 503),
    ],
)
async def test_others_need_the_token_or_an_admin(headers: dict[str, str], status: int) -> None:
    reply = await scrape(headers=headers)
    assert reply.status_code == status
    assert (b"ota_gateway_ready" in reply.content) is (status == 200)
    assert reply.headers["cache-control"] == "no-store"


async def test_a_refusal_says_how_to_come_in_or_when() -> None:
    assert (await scrape()).headers["www-authenticate"] == "Bearer"
    assert (await scrape(headers=bearer("busy"))).headers["retry-after"] == "2"
    assert (await scrape(headers=bearer("outage"))).headers["retry-after"] == "5"


async def test_without_a_token_none_will_do() -> None:
    assert (await scrape(token=None, headers=bearer(TOKEN))).status_code == 401
    assert (await scrape(token=None, headers=bearer("None"))).status_code == 401


async def test_public_metrics_are_for_everybody() -> None:
    assert (await scrape(public=True)).status_code == 200


async def test_a_gateway_that_nobody_signs_in_to_does_not_hand_them_out_either() -> None:
    app = FastAPI()
    door = ScrapeDoor(OpenGate())
    app.include_router(metrics_routes(PrometheusMetrics(), door, refresh=lambda: None))
    transport = httpx.ASGITransport(app, client=(ELSEWHERE, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        assert (await http.get("/metrics")).status_code == 401


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/plain; version=0.0.4; charset=utf-8"),
        ("text/plain; version=nonsense; escaping=;", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        (
            "application/openmetrics-text;version=x.y.z",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ],
)
async def test_the_format_is_the_one_asked_for(accept: str | None, kind: str) -> None:
    reply = await scrape(public=True, headers={"accept": accept} if accept else None)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == kind
    assert reply.text.endswith("# EOF\n") is kind.startswith("application")
