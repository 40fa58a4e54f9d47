"""The form of a business call: action, method, organisation, parameters, body."""

import pytest

from .conftest import ORG_ID, Client, sample, without_request_id

GET_JOB = {"action": "get", "orgId": ORG_ID, "jobId": "x"}
SEARCH = {"action": "search", "orgId": ORG_ID}


async def answer(
    client: Client, method: str, query: dict[str, str], content: bytes = b""
) -> object:
    reply = await client.send(method, "ota-jobs", query, content=content)
    assert reply.status_code == 200
    return without_request_id(reply.json())


async def code(client: Client, method: str, query: dict[str, str], content: bytes = b"") -> int:
    reply = await client.send(method, "ota-jobs", query, content=content)
    return int(reply.json()["code"])


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"orgId": ORG_ID}, "error_99400_missing_action.response"),
        (SEARCH | {"orgId": "o1"}, "error_99400_org.response"),
    ],
)
async def test_refusals_equal_the_vendors_samples(
    client: Client, query: dict[str, str], name: str
) -> None:
    assert await answer(client, "POST", query) == without_request_id(sample(name))


async def test_unknown_ids_equal_the_vendors_samples(client: Client) -> None:
    job = await client.get("ota-jobs", "get", jobId="x")
    assert without_request_id(job) == without_request_id(sample("error_24404_job.response"))
    firmware = await client.get("ota-firmwares", "get", firmwareId="x")
    expected = sample("error_24404_firmware.response")
    assert without_request_id(firmware) == without_request_id(expected)


async def test_somebody_elses_organisation_is_denied(client: Client) -> None:
    assert await answer(client, "POST", SEARCH | {"orgId": "o15580000000000"}) == {
        "code": 99403,
        "msg": "Denied resource:  orgId o15580000000000",
        "data": None,
    }


@pytest.mark.parametrize("action", ["fly", "Search", "getTask", "listVersion"])
async def test_an_action_the_resource_does_not_have_is_not_found(
    client: Client, action: str
) -> None:
    assert await code(client, "POST", SEARCH | {"action": action}) == 99404


async def test_a_resource_that_does_not_exist_is_not_found(client: Client) -> None:
    assert (await client.send("POST", "ota-things", SEARCH)).json()["code"] == 99404


@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("GET", SEARCH),
        ("PUT", SEARCH),
        ("POST", GET_JOB),
        ("POST", SEARCH | {"orgId": ""}),
        ("POST", {"action": "search"}),
        ("GET", {"action": "get", "orgId": ORG_ID}),
        ("GET", GET_JOB | {"jobId": ""}),
        ("GET", GET_JOB | {"more": "1"}),
    ],
)
async def test_a_call_of_the_wrong_form_is_a_bad_parameter(
    client: Client, method: str, query: dict[str, str]
) -> None:
    assert await code(client, method, query) == 99400


async def test_a_get_with_a_body_is_refused(client: Client) -> None:
    assert await code(client, "GET", GET_JOB) == 24404
    assert await code(client, "GET", GET_JOB, b"{}") == 99400


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"expression": null}',
        b'{"expression": 5}',
        b'{"projection": ["name"]}',
        b'{"expression": "status = \'started\'", "jobId": "x"}',
    ],
)
async def test_a_body_with_anything_undocumented_is_refused(client: Client, content: bytes) -> None:
    assert await code(client, "POST", SEARCH, content) == 99400


async def test_a_body_must_be_declared_as_json(client: Client) -> None:
    plain = {"content-type": "text/plain"}
    reply = await client.send("POST", "ota-jobs", SEARCH, content=b"{}", headers=plain)
    assert reply.json()["code"] == 99400
    assert await code(client, "POST", SEARCH, b"{}") == 0
