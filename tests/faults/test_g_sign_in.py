"""Who comes in, and who does not: rows G1 to G11 and G14."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from websockets.exceptions import InvalidStatus

from gateway.access.api_key import hash_text, mint_api_key
from gateway.access.opening import running_gate
from gateway.domain.principal import Role
from gateway.settings import Settings
from tests.access.issuer import NOW, token
from tests.app.graphql.serving import Answered
from tests.faults import tenants_tokens as tokens
from tests.faults.tenants import NORTH, SOUTH, House, Plan, housed
from tests.faults.tenants_tokens import good, in_time, publishing, with_provider
from tests.transport.scripted_http import ScriptedHttp, answer

WHO: Final = "{ backends { name } }"
CREATE: Final = """
  mutation($input: CreateOtaJobInput!) {
    createOtaJob(input: $input, idempotencyKey: "k") { operation { id state } errors { code } }
  }
"""
FOLLOW: Final = "subscription($id: ID!) { operation(id: $id) { state } }"
REJECTED: Final = 4403


def plain(reply: Answered) -> str:
    """A reply without what is new in each."""
    headers = {
        name: value for name, value in reply.headers.items() if name not in {"date", "x-request-id"}
    }
    return json.dumps([reply.status, headers, reply.body.decode()])


async def shut(house: House, credentials: Iterable[str | None], *, status: int = 401) -> None:
    """Everybody is refused in the same words, and nothing is done for them; others come in."""
    said = set()
    for credential in credentials:
        headers = [] if credential is None else [f"Authorization: Bearer {credential}"]
        reply = await house.door.post({"query": WHO}, *headers)
        assert reply.status == status, credential
        assert reply.headers["www-authenticate"] == "Bearer"
        said.add(plain(reply))
    assert len(said) == 1
    assert house.calls == 0
    assert house.metrics.total("cache.miss") == 0


async def enters(house: House, credential: str, *, status: int = 200) -> Answered:
    reply = await house.door.post({"query": WHO}, f"Authorization: Bearer {credential}")
    assert reply.status == status, reply.body
    return reply


async def refused_while_good_tokens_enter(folder: Path, bad: Callable[[], Iterable[str]]) -> None:
    async with housed(folder, with_provider()) as house:
        await shut(house, bad())
        names = [each["name"] for each in (await enters(house, good())).json["data"]["backends"]]
        assert names == ["common", f"{NORTH}_grid", f"{NORTH}_lights"]


async def test_g01_only_signatures_of_the_algorithms_that_are_trusted_count(
    tmp_path: Path,
) -> None:
    await refused_while_good_tokens_enter(tmp_path, tokens.unsigned)


async def test_g02_what_is_no_token_or_signed_by_another_is_refused(tmp_path: Path) -> None:
    await refused_while_good_tokens_enter(tmp_path, tokens.garbled)


async def test_g02_a_token_of_a_megabyte_is_not_even_decoded(tmp_path: Path) -> None:
    async with housed(tmp_path, with_provider()) as house:
        reply = await house.door.post({"query": WHO}, f"Authorization: Bearer {'A' * 1_000_000}")
        assert 400 <= reply.status < 500  # the server refuses the head, or the endpoint does
        async with house.door.talking() as talk:
            await talk.say(
                type="connection_init", payload={"authorization": f"Bearer {'A' * 1_000_000}"}
            )
            assert (await talk.closed())[0] == REJECTED
        assert house.calls == 0


async def test_g03_claims_that_are_missing_or_wrong_are_refused(tmp_path: Path) -> None:
    await refused_while_good_tokens_enter(tmp_path, tokens.misdirected)


async def test_g04_times_and_types_are_checked_by_the_gateway_itself(tmp_path: Path) -> None:
    await refused_while_good_tokens_enter(tmp_path, tokens.mistimed)


async def test_g05_what_is_good_later_is_refused_now(tmp_path: Path) -> None:
    await refused_while_good_tokens_enter(tmp_path, tokens.early)


async def test_g05_a_clock_may_be_off_by_the_leeway_and_no_more(tmp_path: Path) -> None:
    async with housed(tmp_path, with_provider(leeway_s=30)) as house:
        now = int(time.time())
        await enters(house, good(nbf=now + 20))
        await enters(house, good(iat=now + 20))
        await enters(house, good(nbf=now + 60), status=401)
    with pytest.raises(Exception, match="leeway_s"):
        Settings.build({"access": {"jwt": {**tokens.JWT, "leeway_s": 31}}, "backends": {}})


async def test_g06_keys_that_a_token_brings_along_are_not_looked_at(tmp_path: Path) -> None:
    http = ScriptedHttp(publishing("one"))
    async with housed(tmp_path, with_provider(http)) as house:
        await shut(house, tokens.bringing_keys())
        await enters(house, good())
    assert {request.url.host for request in http.requests} == {"login.example"}


@dataclass(slots=True)
class Hands:
    """The gate's time, moved by hand; seconds since the start."""

    at_s: float = 0.0


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """A gate whose half hours pass at once; all else keeps the time of the day."""
    found = Hands()
    gate = partial(running_gate, now=lambda: NOW + found.at_s, clock=lambda: found.at_s)
    # The application takes no clock for its gate: nobody but a test would hand one in.
    monkeypatch.setattr("gateway.app.factory.running_gate", gate)
    return found


def of_key(kid: str) -> str:
    return token(kid=kid, **in_time(life_s=7_200, now=NOW))


async def test_g07_a_rotation_is_followed_by_one_fetch_after_a_cool_down(
    tmp_path: Path, hands: Hands
) -> None:
    http = ScriptedHttp(publishing("one"), publishing("one", "two"), publishing("two"))
    async with housed(tmp_path, with_provider(http)) as house:
        await asyncio.gather(*(enters(house, of_key("one")) for _ in range(20)))
        await enters(house, of_key("two"), status=401)
        assert len(http.requests) == 1

        hands.at_s = 31
        await asyncio.gather(*(enters(house, of_key("two")) for _ in range(20)))
        assert len(http.requests) == 2

        hands.at_s = 700
        await enters(house, of_key("one"), status=401)  # the provider took it back
        await enters(house, of_key("two"))
        assert len(http.requests) == 3


async def test_g08_known_keys_serve_for_an_hour_then_nothing_opens(
    tmp_path: Path, hands: Hands
) -> None:
    http = ScriptedHttp(publishing("one"), answer(500))
    async with housed(tmp_path, with_provider(http)) as house:
        await enters(house, of_key("one"))
        for hands.at_s in (700, 1_800, 3_599):
            await enters(house, of_key("one"))
            await enters(house, of_key("two"), status=503)

        hands.at_s = 3_700
        reply = await enters(house, of_key("one"), status=503)
        assert int(reply.headers["retry-after"]) >= 1
        assert reply.code == "SIGN_IN_UNAVAILABLE"
        assert (await house.door.post({"query": WHO})).status == 401
        await enters(house, house.tenants[NORTH].keys[Role.READ])  # keys of our own need nobody
        assert house.calls == 0


async def test_g09_a_flood_of_random_key_ids_fetches_nothing_more(tmp_path: Path) -> None:
    http = ScriptedHttp(publishing("one"))
    async with housed(tmp_path, with_provider(http)) as house:
        flood = [good(header={"kid": f"random-{number}"}) for number in range(100)]
        replies = await asyncio.gather(*(enters(house, each, status=401) for each in flood))
        await enters(house, good())
        assert len({plain(reply) for reply in replies}) == 1
    assert len(http.requests) == 1


async def test_g10_wrong_api_keys_all_look_alike(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        right = house.tenants[NORTH].keys[Role.OPERATE]
        other = mint_api_key(f"{NORTH}_{Role.OPERATE}")
        unknown = mint_api_key("nobody")
        wrong = [
            *(None, other, unknown, right[:-1], f"{right}x", right[:-1] + "-", right.upper()),
            *(right.removeprefix("otagw_"), f"otagw_{right}", "otagw__", "otagw_"),
            right.replace(NORTH, SOUTH),
            hash_text(right),
        ]
        await shut(house, [each for each in wrong if each is None or "sha256" not in each])
        assert (await enters(house, hash_text(right).replace(":", "."), status=401)).status == 401
        await enters(house, right)


def test_g10_what_is_kept_of_a_key_is_its_hash() -> None:
    key = mint_api_key("ci")
    secret = key.rpartition("_")[2]
    settings = Settings.build(
        {
            "access": {"keys": {"ci": {"hash": hash_text(key), "role": "read"}}},
            "backends": {
                "grid": {
                    "provider": "enos",
                    "endpoint": "https://enos.example",
                    "org_id": "o1",
                    "app_key": "k",
                    "app_secret": "s",
                }
            },
        }
    )
    assert secret not in repr(settings)
    assert secret not in settings.model_dump_json(exclude={"backends"})
    with pytest.raises(Exception, match="hash") as refused:
        Settings.build({"access": {"keys": {"ci": {"hash": key, "role": "read"}}}, "backends": {}})
    assert secret not in str(refused.value)


async def open_operation(house: House) -> str:
    """An operation that nobody settles: the cloud carried it out, and its answer was lost."""
    packages = await house.data(
        NORTH, "{ firmwares(first: 50) { edges { node { id verification backend { name } } } } }"
    )
    lights = house.tenants[NORTH].backend("lights")
    firmware = next(
        edge["node"]["id"]
        for edge in packages["firmwares"]["edges"]
        if edge["node"]["backend"]["name"] == lights and edge["node"]["verification"] == "VERIFIED"
    )
    house.clouds[lights].losing = frozenset({"CreateOTAStaticUpgradeJob"})
    scope = {"target": {"allDevices": True}, "sourceVersions": ["1.0.0"]}
    given = {"firmwareId": firmware, "scope": scope, "policy": "SNAPSHOT"}
    made = (await house.data(NORTH, CREATE, input=given))["createOtaJob"]
    assert made["operation"] is not None, made["errors"]
    assert made["operation"]["state"] == "UNKNOWN"
    identity: str = made["operation"]["id"]
    return identity


async def test_g11_nobody_comes_in_without_credentials_over_any_transport(tmp_path: Path) -> None:
    async with housed(tmp_path, with_provider()) as house:
        past = good(exp=int(time.time()) - 1)
        bad: list[list[str]] = [[], [f"Authorization: Bearer {past}"]]
        for headers in bad:
            for accept in ("application/json", "text/event-stream"):
                reply = await house.door.post({"query": WHO}, f"Accept: {accept}", *headers)
                assert (reply.status, reply.code) == (401, "UNAUTHENTICATED")
            assert (await house.door.get("query={__typename}", *headers)).status == 401
        for credential in (None, f"Bearer {past}", "Basic eDp5", ""):
            async with house.door.talking() as talk:
                payload = {} if credential is None else {"authorization": credential}
                await talk.say(type="connection_init", payload=payload)
                assert (await talk.closed())[0] == REJECTED
        with pytest.raises(InvalidStatus) as refused:
            async with house.door.talking(authorization=f"Bearer {past}"):
                pass
        assert refused.value.response.status_code == 401
        async with house.door.talking() as talk:  # nothing before the first message
            await talk.subscribe(WHO)
            assert (await talk.closed())[0] == 4401
        assert house.calls == 0


async def test_g11_a_subscription_ends_with_the_token_that_opened_it(tmp_path: Path) -> None:
    plan = with_provider()
    plan.waits = True
    async with housed(tmp_path, plan) as house:
        operation = await open_operation(house)
        await enters(house, good())  # fetches the keys, which takes its time
        short = f"Bearer {good(exp=int(time.time()) + 2)}"

        async def over_http() -> None:
            reply = await house.door.post(
                {"query": FOLLOW, "variables": {"id": operation}},
                f"Authorization: {short}",
                "Accept: text/event-stream",
            )
            assert b"UNKNOWN" in reply.body

        async with house.door.talking() as talk:
            await talk.init(short)
            await talk.subscribe(FOLLOW, id=operation)
            first = await talk.hear()
            assert first["payload"]["data"]["operation"]["state"] == "UNKNOWN"
            began_at = time.monotonic()
            closed, _ = await asyncio.gather(talk.closed(), over_http())
            assert closed[0] == REJECTED
            assert time.monotonic() - began_at < 3
        with pytest.raises(InvalidStatus):
            async with house.door.talking(authorization=short):
                pass


def quiet(house: House) -> None:
    """Nothing was asked of the clouds, the cache, or the journal, but what goes on by itself."""
    assert house.calls == 0
    asked = {event for event, labels in house.metrics.counts if ("call", "take_over") not in labels}
    assert asked <= {"graphql.request"}


async def test_g14_before_somebody_has_signed_in_nothing_is_done_for_them(tmp_path: Path) -> None:
    async with housed(tmp_path, Plan(tables={"limits": {"max_body_bytes": 2_000_000}})) as house:
        bomb = "{ ...A } " + "fragment A on Query { __typename }" * 20_000
        bodies: list[object] = [
            {"query": "{ nonsense"},
            {"query": bomb},
            {"query": WHO},
            {"query": "mutation { deleteOtaJob }"},
            b"\xff\xfe not even JSON",
            b"[" * 100_000,
        ]
        replies = [await house.door.post(body) for body in bodies]
        assert {(reply.status, reply.code) for reply in replies} == {(401, "UNAUTHENTICATED")}
        assert len({plain(reply) for reply in replies}) == 1
        # Not even read: a body that never comes holds nobody up.
        head = (
            b"POST /graphql HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
        )
        began_at = time.monotonic()
        assert (await house.door.ask(head)).status == 401
        assert time.monotonic() - began_at < 5
        quiet(house)


async def test_g14_metrics_and_probes_give_nothing_away(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        probes = [await house.door.page(path) for path in ("/healthz", "/readyz")]
        proxied = await house.door.page("/metrics", "X-Forwarded-For: 203.0.113.7")
        operator = house.tenants[NORTH].bearer(Role.OPERATE)
        as_operator = await house.door.page("/metrics", "X-Forwarded-For: 203.0.113.7", operator)
        assert [reply.status for reply in probes] == [200, 200]
        assert (proxied.status, as_operator.status) == (401, 403)
        said = b"".join(reply.body for reply in (*probes, proxied, as_operator))
        assert NORTH.encode() not in said
        assert b"common" not in said
