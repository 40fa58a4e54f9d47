"""What the API gateway turns away, and how it says so."""

from collections.abc import Callable, Mapping

import pytest

from gateway.simulators.enos import EnosSimulator, GateEnvelope

from .conftest import ORG_ID, Client, FakeClock

QUERY = {"action": "search", "orgId": ORG_ID}
Connect = Callable[..., tuple[EnosSimulator, Client]]


async def code(
    client: Client,
    *,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    raw_query: str | None = None,
) -> int:
    """The code that a search of firmware gets when it is sent so."""
    reply = await client.send(
        "POST", "ota-firmwares", QUERY, content=content, headers=headers, raw_query=raw_query
    )
    return int(reply.json()["code"])


async def test_a_signed_call_passes(client: Client) -> None:
    assert await code(client) == 0
    assert await code(client, content=b'{ "expression" : "isVerified = true" }') == 0


@pytest.mark.parametrize("name", ["apim-accesstoken", "apim-timestamp", "apim-signature"])
async def test_each_header_is_needed(client: Client, name: str) -> None:
    assert await code(client, headers={name: ""}) == 1202


async def test_a_wrong_signature_is_refused(client: Client) -> None:
    assert await code(client, headers={"apim-signature": "0" * 64}) == 1003


async def test_upper_case_hex_is_a_wrong_signature(client: Client) -> None:
    await client.log_in()
    timestamp = client.timestamp()
    signed = client.sign(QUERY, b"", timestamp)
    upper = {"apim-timestamp": timestamp, "apim-signature": signed["apim-signature"].upper()}
    assert await code(client, headers=upper) == 1003


async def test_every_byte_of_the_body_is_signed(client: Client) -> None:
    await client.log_in()
    timestamp = client.timestamp()
    signed = client.sign(QUERY, b'{"expression":"isVerified = true"}', timestamp)
    assert (
        await code(client, content=b'{"expression": "isVerified = true"}', headers=signed) == 1003
    )
    assert await code(client, content=b'{"expression":"isVerified = true"}', headers=signed) == 0


async def test_every_parameter_of_the_query_is_signed(client: Client) -> None:
    assert await code(client, raw_query=f"action=search&orgId={ORG_ID}&more=1") == 1003


async def test_the_query_is_signed_decoded_and_in_order_of_names(client: Client) -> None:
    assert await code(client, raw_query=f"orgId=%6F{ORG_ID[1:]}&action=se%61rch") == 0


async def test_of_a_repeated_name_the_first_value_is_signed(client: Client) -> None:
    assert await code(client, raw_query=f"action=search&orgId={ORG_ID}&action=get") == 0
    assert await code(client, raw_query=f"action=get&orgId={ORG_ID}&action=search") == 1003


async def test_a_query_that_is_not_utf8_is_refused(client: Client) -> None:
    assert await code(client, raw_query="action=%ff") == 1004


@pytest.mark.parametrize("skew_s", [-899, 899])
async def test_a_clock_a_quarter_of_an_hour_off_is_accepted(
    client: Client, clock: FakeClock, skew_s: int
) -> None:
    await client.log_in()
    timestamp = str(int((clock() + skew_s) * 1000))
    assert await code(client, headers=client.sign(QUERY, b"", timestamp)) == 0


@pytest.mark.parametrize("skew_s", [-901, 901])
async def test_a_clock_further_off_is_refused(
    client: Client, clock: FakeClock, skew_s: int
) -> None:
    await client.log_in()
    timestamp = str(int((clock() + skew_s) * 1000))
    assert await code(client, headers=client.sign(QUERY, b"", timestamp)) == 1004


async def test_a_timestamp_must_be_digits(client: Client) -> None:
    await client.log_in()
    assert await code(client, headers=client.sign(QUERY, b"", "1e12")) == 1004


async def test_an_expired_token_gets_1203(client: Client, clock: FakeClock) -> None:
    await client.log_in()
    clock.advance(7199)
    assert await code(client) == 0
    clock.advance(1)
    assert await code(client) == 1203


async def test_a_token_never_issued_looks_expired(client: Client) -> None:
    client.token = "APITOKENneverissued"
    assert await code(client) == 1203


@pytest.mark.parametrize(
    ("envelope", "field", "expected"),
    [
        (GateEnvelope(), "code", 1203),
        (GateEnvelope(code_field="status"), "status", 1203),
        (GateEnvelope(code_field="apim_status"), "apim_status", 4011),
    ],
)
async def test_the_field_of_the_code_can_be_chosen(
    connect: Connect, envelope: GateEnvelope, field: str, expected: int
) -> None:
    _, client = connect(gate_envelope=envelope)
    client.token = "APITOKENneverissued"
    reply = await client.send("POST", "ota-firmwares", QUERY)
    assert reply.status_code == 200
    assert reply.json().keys() == {field, "msg", "requestId", "data"}
    assert reply.json()[field] == expected
    assert reply.json()["data"] is None


async def test_the_http_status_of_a_rejection_can_be_chosen(connect: Connect) -> None:
    _, client = connect(gate_envelope=GateEnvelope(http_status=401))
    client.token = "APITOKENneverissued"
    assert (await client.send("POST", "ota-firmwares", QUERY)).status_code == 401
