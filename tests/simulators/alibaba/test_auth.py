"""Who may call: both schemes, each broken in every way that has a documented refusal."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.simulators.alibaba.caller import (
    HOST,
    INSTANCE,
    Caller,
    FakeClock,
    stamp,
    tiny_simulator,
)

PAGE = {"IotInstanceId": INSTANCE, "CurrentPage": "1", "PageSize": "1"}
ACTION = "ListOTAFirmware"


def code_of(answer: httpx.Response) -> str:
    body = answer.json()
    assert body.get("Success") is not False
    return str(body.get("Code", "OK"))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_right_signature_is_accepted_under_both_schemes(
    caller: Caller, method: str
) -> None:
    odd = PAGE | {"DestVersion": "a b+c*d~e/f=值"}
    assert code_of(await caller.v1(ACTION, odd, method=method)) == "OK"
    assert code_of(await caller.v3(ACTION, odd, method=method)) == "OK"


async def test_a_wrong_secret_is_refused_and_shows_what_was_signed(caller: Caller) -> None:
    answer = await caller.v1(ACTION, PAGE, secret="other")
    assert (answer.status_code, code_of(answer)) == (400, "SignatureDoesNotMatch")
    assert "server string to sign is:POST&%2F&AccessKeyId%3D" in answer.json()["Message"]
    answer = await caller.v3(ACTION, PAGE, secret="other")
    assert (answer.status_code, code_of(answer)) == (400, "SignatureDoesNotMatch")
    assert "server string to sign is:ACS3-HMAC-SHA256" in answer.json()["Message"]


@pytest.mark.parametrize(
    ("late", "sent"),
    [
        ({"x-acs-date": "2026-09-21T14:13:21Z"}, None),
        ({"host": "elsewhere.example"}, None),
        ({}, PAGE | {"PageSize": "2"}),
    ],
)
async def test_what_v3_signed_cannot_be_changed_on_the_way(
    caller: Caller, late: dict[str, str], sent: dict[str, str] | None
) -> None:
    answer = await caller.v3(ACTION, PAGE, late=late, sent=sent)
    assert code_of(answer) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("name", ["host", "x-acs-action", "x-acs-version", "x-acs-date"])
async def test_v3_must_sign_the_host_and_every_acs_header(caller: Caller, name: str) -> None:
    answer = await caller.v3(ACTION, PAGE, unsigned=(name,))
    assert code_of(answer) == "SignatureDoesNotMatch"


async def test_v3_signs_the_body_that_was_sent(caller: Caller) -> None:
    wrong = {"x-acs-content-sha256": "0" * 64}
    answer = await caller.v3(ACTION, PAGE, headers=dict(wrong))
    assert code_of(answer) == "SignatureDoesNotMatch"


async def test_an_unknown_key_is_refused(caller: Caller) -> None:
    for answer in (
        await caller.v1(ACTION, PAGE, fields={"AccessKeyId": "other"}),
        await caller.v3(ACTION, PAGE, key_id="other"),
    ):
        assert (answer.status_code, code_of(answer)) == (404, "InvalidAccessKeyId.NotFound")


Send = Callable[[Caller, str], Awaitable[httpx.Response]]


async def v1_at(caller: Caller, moment: str) -> httpx.Response:
    return await caller.v1(ACTION, PAGE, fields={"Timestamp": moment})


async def v3_at(caller: Caller, moment: str) -> httpx.Response:
    return await caller.v3(ACTION, PAGE, headers={"x-acs-date": moment})


@pytest.mark.parametrize("send", [v1_at, v3_at])
@pytest.mark.parametrize(
    ("skew_s", "code"),
    [
        (899, "OK"),
        (-899, "OK"),
        (902, "InvalidTimeStamp.Expired"),
        (-902, "InvalidTimeStamp.Expired"),
    ],
)
async def test_a_time_more_than_fifteen_minutes_off_is_refused(
    caller: Caller, clock: FakeClock, send: Send, skew_s: float, code: str
) -> None:
    assert code_of(await send(caller, stamp(clock() + skew_s))) == code


@pytest.mark.parametrize("send", [v1_at, v3_at])
@pytest.mark.parametrize(
    "moment", ["2026-09-21 14:13:20", "2026-09-21T14:13:20.000Z", "2026-13-21T14:13:20Z", "soon"]
)
async def test_a_time_in_another_form_is_refused(caller: Caller, send: Send, moment: str) -> None:
    assert code_of(await send(caller, moment)) == "InvalidTimeStamp.Format"


async def test_a_nonce_counts_once_whatever_the_scheme(caller: Caller, clock: FakeClock) -> None:
    assert code_of(await caller.v1(ACTION, PAGE, fields={"SignatureNonce": "n"})) == "OK"
    again = await caller.v3(ACTION, PAGE, headers={"x-acs-signature-nonce": "n"})
    assert (again.status_code, code_of(again)) == (400, "SignatureNonceUsed")
    clock.advance(1799)
    again = await caller.v1(ACTION, PAGE, fields={"SignatureNonce": "n"})
    assert code_of(again) == "SignatureNonceUsed"


async def test_a_nonce_is_forgotten_once_no_request_with_it_can_live(
    caller: Caller, clock: FakeClock
) -> None:
    assert code_of(await caller.v1(ACTION, PAGE, fields={"SignatureNonce": "n"})) == "OK"
    clock.advance(1801)
    assert code_of(await caller.v1(ACTION, PAGE, fields={"SignatureNonce": "n"})) == "OK"


async def test_a_forged_request_does_not_use_up_a_nonce(caller: Caller) -> None:
    forged = await caller.v1(ACTION, PAGE, fields={"SignatureNonce": "n"}, secret="other")
    assert code_of(forged) == "SignatureDoesNotMatch"
    assert code_of(await caller.v1(ACTION, PAGE, fields={"SignatureNonce": "n"})) == "OK"


@pytest.mark.parametrize(
    "name",
    [
        "AccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "SignatureNonce",
        "Timestamp",
    ],
)
async def test_each_v1_field_is_mandatory(caller: Caller, name: str) -> None:
    answer = await caller.v1(ACTION, PAGE, fields={name: None})
    assert (answer.status_code, code_of(answer)) == (400, f"Missing{name}")


@pytest.mark.parametrize("name", ["x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"])
async def test_each_v3_header_is_mandatory(caller: Caller, name: str) -> None:
    assert code_of(await caller.v3(ACTION, PAGE, headers={name: None})) == f"Missing{name}"


async def test_another_signature_method_or_version_is_refused(caller: Caller) -> None:
    answer = await caller.v1(ACTION, PAGE, fields={"SignatureMethod": "HMAC-MD5"})
    assert code_of(answer) == "InvalidSignatureMethod"
    answer = await caller.v1(ACTION, PAGE, fields={"SignatureVersion": "2.0"})
    assert code_of(answer) == "InvalidSignatureVersion"
    answer = await caller.v3(ACTION, PAGE, late={"authorization": "Bearer x"})
    assert code_of(answer) == "InvalidAuthorization"


@pytest.mark.parametrize(
    ("scheme", "v1", "v3"),
    [
        ("HMAC-SHA1", "OK", "InvalidSignatureMethod"),
        ("ACS3-HMAC-SHA256", "InvalidSignatureMethod", "OK"),
    ],
)
async def test_either_scheme_can_be_the_only_one(
    clock: FakeClock, scheme: str, v1: str, v3: str
) -> None:
    caller = Caller(tiny_simulator(clock=clock, schemes=(scheme,)), clock)
    assert code_of(await caller.v1(ACTION, PAGE)) == v1
    assert code_of(await caller.v3(ACTION, PAGE)) == v3


async def test_the_host_is_signed_as_it_was_received(caller: Caller) -> None:
    assert HOST in str(caller.http.base_url)
    answer = await caller.v3(ACTION, PAGE, headers={"host": "127.0.0.1:8080"})
    assert code_of(answer) == "OK"
