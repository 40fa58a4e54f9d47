"""The token service over HTTP: every documented code, and the life of a token."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.simulators.enos import EnosSimulator

from .conftest import Client, FakeClock, sample

Connect = Callable[..., tuple[EnosSimulator, Client]]


async def test_a_token_comes_in_the_documented_envelope(client: Client) -> None:
    documented = sample("token_get.response")
    answer = await client.token_call("get")
    assert answer.keys() == documented.keys()
    assert answer | {"data": None} == documented | {"data": None}
    assert answer["data"].keys() == documented["data"].keys()
    assert answer["data"]["expire"] == 7200


async def test_the_timestamp_may_be_digits(client: Client) -> None:
    timestamp = client.timestamp()
    assert (await client.token_call("get", timestamp=timestamp))["status"] == 0
    assert (await client.token_call("get", timestamp=int(client.timestamp())))["status"] == 0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"appKey": "somebody"}, 1002),
        ({"encryption": "0" * 64}, 1003),
        ({"encryption": "é"}, 1003),
        ({"encryption": ""}, 1202),
        ({"appKey": None}, 1202),
        ({"timestamp": "yesterday"}, 1004),
        ({"timestamp": "-5"}, 1004),
        ({"appKey": 12}, 1004),
        ({"surplus": "field"}, 1004),
        ({"timestamp": str(1_700_000_000_000 - 901_000)}, 1004),
        ({"timestamp": str(1_700_000_000_000 + 901_000)}, 1004),
    ],
)
async def test_a_bad_token_call_gets_its_code(
    client: Client, changes: dict[str, object], status: int
) -> None:
    answer = await client.token_call("get", **changes)
    assert (answer["status"], answer["data"]) == (status, None)
    assert answer["business"] == "apim-token-service"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"text"', b"\xff"])
async def test_a_body_that_is_no_object_is_an_invalid_parameter(
    client: Client, body: bytes
) -> None:
    reply = await client.http.post("/apim-token-service/v2.0/token/get", content=body)
    assert reply.json()["status"] == 1004


async def test_a_digest_works_once_even_for_the_other_call(client: Client) -> None:
    timestamp = client.timestamp()
    token = (await client.token_call("get", timestamp=timestamp))["data"]["accessToken"]
    assert (await client.token_call("get", timestamp=timestamp))["status"] == 1001
    again = await client.token_call("refresh", timestamp=timestamp, accessToken=token)
    assert again["status"] == 1001


async def test_a_wrong_digest_does_not_use_up_the_right_one(client: Client) -> None:
    timestamp = client.timestamp()
    await client.token_call("get", timestamp=timestamp, encryption="0" * 64)
    assert (await client.token_call("get", timestamp=timestamp))["status"] == 0


async def test_asking_again_gives_the_same_token_and_what_is_left_of_it(
    client: Client, clock: FakeClock
) -> None:
    first = (await client.token_call("get"))["data"]
    clock.advance(7000)
    assert (await client.token_call("get"))["data"] == first | {"expire": 200}
    clock.advance(200)
    renewed = (await client.token_call("get"))["data"]
    assert renewed["accessToken"] != first["accessToken"]
    assert renewed["expire"] == 7200


async def test_refreshing_changes_the_token_and_leaves_the_old_one_a_grace(
    client: Client, clock: FakeClock
) -> None:
    old = await client.log_in()
    answer = await client.token_call("refresh", accessToken=old)
    assert answer["data"]["accessToken"] != old
    assert answer["data"]["expire"] == 7200

    assert (await client.search("ota-firmwares", "search"))["code"] == 0
    clock.advance(61)
    assert (await client.search("ota-firmwares", "search"))["code"] == 1203
    client.token = answer["data"]["accessToken"]
    assert (await client.search("ota-firmwares", "search"))["code"] == 0


async def test_only_the_newest_valid_token_can_be_refreshed(
    client: Client, clock: FakeClock
) -> None:
    assert (await client.token_call("refresh", accessToken="unknown"))["status"] == 1204
    old = await client.log_in()
    new = (await client.token_call("refresh", accessToken=old))["data"]["accessToken"]
    assert (await client.token_call("refresh", accessToken=old))["status"] == 1204
    clock.advance(7201)
    assert (await client.token_call("refresh", accessToken=new))["status"] == 1204


async def test_refresh_needs_a_token(client: Client) -> None:
    assert (await client.token_call("refresh"))["status"] == 1202


async def test_life_and_grace_are_options(connect: Connect, clock: FakeClock) -> None:
    _, client = connect(token_life_s=30.0, token_grace_s=0.0)
    old = await client.log_in()
    assert (await client.token_call("get"))["data"]["expire"] == 30
    await client.token_call("refresh", accessToken=old)
    assert (await client.search("ota-firmwares", "search"))["code"] == 1203


async def test_all_tokens_can_be_made_to_expire(client: Client, simulator: EnosSimulator) -> None:
    old = await client.log_in()
    simulator.tokens.expire_all()
    assert (await client.search("ota-firmwares", "search"))["code"] == 1203
    assert await client.log_in() != old


async def test_a_token_call_is_a_post(client: Client) -> None:
    reply: Any = await client.http.get("/apim-token-service/v2.0/token/get")
    assert reply.status_code == 405
