"""Signed calls, and tokens that are got, shared and renewed."""

import asyncio
import hashlib
from collections.abc import Mapping

import pytest

from gateway.domain.errors import (
    ProviderAuthError,
    ProviderContractError,
    ProviderUnavailableError,
)
from gateway.providers.enos.auth import apim_signature, token_encryption
from gateway.providers.enos.config import EnosSettings
from gateway.providers.enos.session import EnosSession
from gateway.providers.enos.token_service import EnosTokenService
from gateway.transport.request import Reply
from gateway.transport.tokens import TokenStore

from .conftest import (
    APP_KEY,
    APP_SECRET,
    NOW_MS,
    ORG_ID,
    Call,
    FakeEnos,
    ok,
    refused,
    sample,
    token_granted,
)

GET = "ota-jobs.get"


class Clock:
    """Monotonic seconds that move only when told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(enos: FakeEnos, settings: EnosSettings, clock: Clock) -> TokenStore:
    service = EnosTokenService(settings, enos, now_ms=lambda: NOW_MS)
    return TokenStore(fetch=service.fetch, renew=service.renew, clock=clock)


@pytest.fixture
def session(enos: FakeEnos, settings: EnosSettings, tokens: TokenStore) -> EnosSession:
    return EnosSession(settings, enos, tokens, now_ms=lambda: NOW_MS)


async def get(session: EnosSession) -> object:
    return await session.call(GET, {"jobId": "j"}, None, lambda envelope: envelope.data)


def tokens_sent(enos: FakeEnos) -> list[str]:
    return [call.request.headers["apim-accesstoken"] for call in enos.business]


async def test_a_get_is_signed_over_its_decoded_query(enos: FakeEnos, session: EnosSession) -> None:
    enos.answer("ota-firmwares.listVersion", ok([]))
    await session.call(
        "ota-firmwares.listVersion",
        {"productKey": "a b/电池"},
        None,
        lambda envelope: envelope.data,
    )
    (call,) = enos.business
    request = call.request
    assert (request.method, request.path) == ("GET", "/connect-service/v2.1/ota-firmwares")
    assert request.query == (
        f"action=listVersion&orgId={ORG_ID}&productKey=a%20b%2F%E7%94%B5%E6%B1%A0"
    )
    assert request.content is None
    assert request.headers["apim-timestamp"] == str(NOW_MS)
    assert request.headers["apim-signature"] == apim_signature(
        token="token-1", query=call.query, body=b"", timestamp_ms=NOW_MS, app_secret=APP_SECRET
    )


async def test_a_post_is_signed_over_the_bytes_sent(enos: FakeEnos, session: EnosSession) -> None:
    enos.answer("ota-jobs.search", ok([]))
    body = {"expression": "name like '泵'", "pagination": {"pageNo": 1, "pageSize": 50}}
    await session.call("ota-jobs.search", {}, body, lambda envelope: envelope.data)
    (call,) = enos.business
    sent = call.request.content
    assert call.request.method == "POST"
    assert sent == (
        '{"expression":"name like \'泵\'","pagination":{"pageNo":1,"pageSize":50}}'.encode()
    )
    signed = f"token-1actionsearchorgId{ORG_ID}".encode() + sent + f"{NOW_MS}{APP_SECRET}".encode()
    assert call.request.headers["apim-signature"] == hashlib.sha256(signed).hexdigest()
    assert call.request.headers["content-type"] == "application/json;charset=UTF-8"


async def test_a_token_is_asked_for_as_documented(enos: FakeEnos, session: EnosSession) -> None:
    enos.answer(GET, ok({}))
    await get(session)
    (call,) = enos.of("token.get")
    assert (call.request.method, call.request.path) == (
        "POST",
        "/apim-token-service/v2.0/token/get",
    )
    assert call.request.query == ""
    assert call.body == sample("token_get.request")


async def test_callers_at_one_time_share_one_token_call(
    enos: FakeEnos, session: EnosSession
) -> None:
    enos.answer(GET, ok({}))
    await asyncio.gather(*(get(session) for _ in range(20)))
    assert len(enos.of("token.get")) == 1
    assert tokens_sent(enos) == ["token-1"] * 20


async def test_a_token_is_refreshed_ahead_of_its_expiry(
    enos: FakeEnos, session: EnosSession, clock: Clock
) -> None:
    enos.answer(GET, ok({}))
    await get(session)
    clock.now_s = 7200 - 60
    await get(session)
    for _ in range(5):
        await asyncio.sleep(0)
    await get(session)
    (call,) = enos.of("token.refresh")
    assert call.request.path == "/apim-token-service/v2.0/token/refresh"
    assert call.body == sample("token_refresh.request") | {
        "accessToken": "token-1",
        "timestamp": NOW_MS + 1,
        "encryption": token_encryption(
            app_key=APP_KEY, timestamp_ms=NOW_MS + 1, app_secret=APP_SECRET
        ),
    }
    assert tokens_sent(enos) == ["token-1", "token-1", "token-2"]


async def test_a_token_that_will_not_be_refreshed_is_got_anew(
    enos: FakeEnos, session: EnosSession, clock: Clock
) -> None:
    enos.answer(GET, ok({}))
    enos.answer("token.refresh", refused(1204, field="status"))
    await get(session)
    clock.now_s = 7200 - 60
    await get(session)
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(enos.of("token.get")) == 2


@pytest.mark.parametrize(
    "answer",
    [
        refused(1203, field="status"),
        refused(1203),
        refused(4011, field="apim_status"),
        refused(4012, field="apim_status"),
        Reply(status=401, headers={}, body=b""),
    ],
)
async def test_an_expired_token_is_replaced_and_the_call_repeated_once(
    enos: FakeEnos, session: EnosSession, answer: Mapping[str, object] | Reply
) -> None:
    enos.answer(GET, answer, ok({"a": 1}))
    assert await get(session) == {"a": 1}
    assert tokens_sent(enos) == ["token-1", "token-2"]
    assert enos.of("token.refresh") == []


async def test_a_burst_of_refusals_costs_one_new_token(
    enos: FakeEnos, session: EnosSession
) -> None:
    def by_token(call: Call) -> Mapping[str, object]:
        expired = call.request.headers["apim-accesstoken"] == "token-1"
        return refused(1203) if expired else ok({})

    enos.answer(GET, by_token)
    await asyncio.gather(*(get(session) for _ in range(20)))
    assert len(enos.of("token.get")) == 2


async def test_a_second_refusal_is_an_error_of_authorisation(
    enos: FakeEnos, session: EnosSession
) -> None:
    enos.answer(GET, refused(1203))
    with pytest.raises(ProviderAuthError):
        await get(session)
    assert tokens_sent(enos) == ["token-1", "token-2"]


async def test_other_refusals_are_not_repeated(enos: FakeEnos, session: EnosSession) -> None:
    enos.answer(GET, refused(99403))
    with pytest.raises(ProviderAuthError):
        await get(session)
    assert len(enos.business) == 1


async def test_a_repeated_timestamp_is_retried_with_another(
    enos: FakeEnos, session: EnosSession
) -> None:
    enos.answer(GET, ok({}))
    enos.answer("token.get", refused(1001, field="status"), token_granted("token-1"))
    await get(session)
    stamps = [call.body["timestamp"] for call in enos.of("token.get")]
    assert stamps == [NOW_MS, NOW_MS + 1]


async def test_no_attempt_reuses_a_timestamp(enos: FakeEnos, session: EnosSession) -> None:
    enos.answer("token.get", refused(1005, field="status"))
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError):
            await get(session)
    stamps = [call.body["timestamp"] for call in enos.of("token.get")]
    assert len(stamps) == len(set(stamps)) == 6


@pytest.mark.parametrize(("code", "setting"), [(1002, "app_key"), (1003, "app_secret")])
async def test_wrong_keys_name_the_setting_and_not_the_value(
    enos: FakeEnos, session: EnosSession, code: int, setting: str
) -> None:
    enos.answer("token.get", refused(code, f"{APP_KEY} {APP_SECRET}", field="status"))
    with pytest.raises(ProviderAuthError, match=setting) as raised:
        await get(session)
    assert APP_KEY not in str(raised.value)
    assert APP_SECRET not in str(raised.value)
    assert enos.business == []


@pytest.mark.parametrize(
    "data", [None, {}, {"accessToken": ""}, {"accessToken": "a\nb"}, {"accessToken": "令牌"}]
)
async def test_an_unreadable_token_breaks_the_contract(
    enos: FakeEnos, session: EnosSession, data: object
) -> None:
    enos.answer("token.get", {"status": 0, "data": data})
    with pytest.raises(ProviderContractError):
        await get(session)


async def test_a_lifetime_that_counts_down_is_believed(
    enos: FakeEnos, settings: EnosSettings
) -> None:
    enos.answer("token.get", token_granted("t", expire=60))
    token = await EnosTokenService(settings, enos).fetch()
    assert token.lifetime_s == 60


async def test_a_token_without_a_lifetime_has_the_documented_one(
    enos: FakeEnos, settings: EnosSettings
) -> None:
    enos.answer("token.get", {"status": 0, "data": {"accessToken": "t"}})
    token = await EnosTokenService(settings, enos).fetch()
    assert (token.value, token.lifetime_s) == ("t", 7200)
