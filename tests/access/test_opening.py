"""The gate as it runs, over a provider that speaks HTTP."""

import asyncio
import json
import logging
import tomllib

import pytest

from gateway.access.gatekeeper import Gate, OpenGate
from gateway.access.opening import IdentityProvider, SignIn, running_gate
from gateway.access.request_limit import RequestRate
from gateway.cli.key import new_key
from gateway.domain.errors import (
    SignInUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from gateway.domain.principal import Role
from gateway.settings.access import AccessSettings
from tests.access.issuer import (
    ALGORITHMS,
    DEFAULT,
    NOW,
    POLICY,
    document,
    rsa_entry,
    token,
)
from tests.transport.scripted_http import Answer, ScriptedHttp, answer
from tests.transport.virtual_time import clock, virtual_time

SIGN_IN = SignIn(
    provider=IdentityProvider(
        jwks_url="https://login.example/realm/keys?v=1", algorithms=ALGORITHMS, policy=POLICY
    ),
    tenants=DEFAULT,
    rate=RequestRate(),
)


def publishing(*kids: str, after_s: float = 0.2) -> Answer:
    body = json.dumps(document(*(rsa_entry(kid) for kid in kids))).encode()
    return answer(body=body, after_s=after_s)


def now() -> float:
    return NOW + clock()


async def admits(gate: Gate, kid: str) -> bool:
    try:
        await gate.admit(f"Bearer {token(kid=kid, exp=NOW + 7_200)}")
    except UnauthenticatedError:
        return False
    return True


@virtual_time
async def test_g7_a_rotation_is_followed_over_http() -> None:
    http = ScriptedHttp(publishing("one"), publishing("one", "two"), publishing("two"))
    async with running_gate(SIGN_IN, http_transport=http, now=now, clock=clock) as gate:
        assert all(await asyncio.gather(*(admits(gate, "one") for _ in range(20))))
        await asyncio.sleep(60)
        assert await admits(gate, "two")
        await asyncio.sleep(601)
        assert not await admits(gate, "one")
        assert await admits(gate, "two")

    assert len(http.requests) == 3
    assert {str(request.url) for request in http.requests} == {
        "https://login.example/realm/keys?v=1"
    }
    assert not [request for request in http.requests if "authorization" in request.headers]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(answer(500), id="fails"),
        pytest.param(answer(302, headers={"location": "https://evil.example/"}), id="redirects"),
        pytest.param(answer(200, b"<html>"), id="a page"),
        pytest.param(answer(200, b" " * (256 * 1024 + 1)), id="too large"),
        pytest.param(answer(200, b"{}"), id="another document"),
        pytest.param(answer(after_s=3.5), id="too slow"),
    ],
)
def test_g8_a_provider_in_trouble_never_opens_the_gate(wrong: Answer) -> None:
    @virtual_time
    async def attempt() -> None:
        http = ScriptedHttp(wrong)
        async with running_gate(SIGN_IN, http_transport=http, now=now, clock=clock) as gate:
            for _ in range(3):
                with pytest.raises(SignInUnavailableError):
                    await gate.admit(f"Bearer {token()}")
        assert len(http.requests) == 1

    attempt()


@virtual_time
async def test_g9_random_key_ids_cause_no_storm_over_http() -> None:
    http = ScriptedHttp(publishing("one"))
    async with running_gate(SIGN_IN, http_transport=http, now=now, clock=clock) as gate:
        for _ in range(10):
            assert not any(
                await asyncio.gather(
                    *(admits(gate, f"random-{number % 5}") for number in range(50))
                )
            )
            await asyncio.sleep(1)
        assert await admits(gate, "one")
    assert len(http.requests) == 1


@virtual_time
async def test_g2_nothing_is_fetched_for_what_is_no_token_of_a_trusted_kind() -> None:
    http = ScriptedHttp(publishing("one"))
    async with running_gate(SIGN_IN, http_transport=http, now=now, clock=clock) as gate:
        for header in (None, "Bearer x", "Bearer a.b.c", "Bearer eyJhbGciOiJub25lIn0.e30.eA"):
            with pytest.raises(UnauthenticatedError):
                await gate.admit(header)
    assert http.requests == []


@virtual_time
async def test_closing_the_gate_ends_what_is_under_way() -> None:
    http = ScriptedHttp(publishing("one", after_s=2))
    async with running_gate(SIGN_IN, http_transport=http, now=now, clock=clock) as gate:
        waiting = asyncio.create_task(gate.admit(f"Bearer {token()}"))
        await asyncio.sleep(1)
        assert http.under_way == 1
    assert http.under_way == 0
    with pytest.raises(SignInUnavailableError):
        await waiting
    assert clock() < 1.5


async def test_without_keys_and_provider_the_gate_is_open() -> None:
    async with running_gate(SignIn(tenants=DEFAULT, rate=RequestRate(burst=1))) as gate:
        assert isinstance(gate, OpenGate)
        for _ in range(10):
            assert (await gate.admit(None)).role is Role.ADMIN


async def test_what_the_command_prints_opens_the_gate() -> None:
    key, table = new_key("ci", tenant="default", role=Role.OPERATE)
    access = AccessSettings(**tomllib.loads(table)["access"], requests_per_second=1, burst=1)
    async with running_gate(access.sign_in({})) as gate:
        principal = await gate.admit(f"Bearer {key}")
        assert (principal.id, principal.tenant, principal.role) == (
            "key:ci",
            "default",
            Role.OPERATE,
        )
        with pytest.raises(TooManyRequestsError):
            await gate.admit(f"Bearer {key}")


@virtual_time
async def test_no_part_of_a_credential_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    key, _ = new_key("ci", tenant="default", role=Role.READ)
    headers = [f"Bearer {token()}", f"Bearer {token(kid='two')}", f"Bearer {key}"]
    http = ScriptedHttp(publishing("one"), answer(500))
    with caplog.at_level(logging.DEBUG):
        async with running_gate(SIGN_IN, http_transport=http, now=now, clock=clock) as gate:
            await gate.admit(headers[0])
            await asyncio.sleep(60)
            for header in headers[1:]:
                with pytest.raises((UnauthenticatedError, SignInUnavailableError)):
                    await gate.admit(header)

    assert [record.message for record in caplog.records if record.name.startswith("gateway")]
    logged = "".join(str(vars(record)) for record in caplog.records)
    secrets = [
        piece
        for header in headers
        for piece in header.replace("_", ".").split(".")
        if len(piece) > 20
    ]
    assert len(secrets) >= 7
    assert not [piece for piece in secrets if piece in logged]
