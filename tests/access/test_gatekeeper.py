import logging
from datetime import UTC, datetime

import pytest

from gateway.access.api_key import ApiKey, digest_of_api_key, mint_api_key
from gateway.access.gatekeeper import Gatekeeper
from gateway.access.key_ring import KeyRing
from gateway.access.key_set import KeySet
from gateway.access.request_limit import RequestLimit, RequestRate
from gateway.access.token_verifier import TokenVerifier
from gateway.domain.errors import (
    ProviderUnavailableError,
    SignInUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from gateway.domain.principal import Principal, Role
from tests.access.issuer import (
    ALGORITHMS,
    DEFAULT,
    NOW,
    POLICY,
    document,
    rsa_entry,
    rsa_key,
    token,
)

KEY = mint_api_key("ci")
EXPIRED = mint_api_key("old")


async def published() -> object:
    return document(rsa_entry("one"))


async def down() -> object:
    message = "down"
    raise ProviderUnavailableError(message)


def gatekeeper(
    *,
    burst: int = 1_000,
    provider: bool = True,
    reachable: bool = True,
    tenants: frozenset[str] = DEFAULT,
) -> Gatekeeper:
    tokens = TokenVerifier(
        policy=POLICY,
        algorithms=ALGORITHMS,
        keys=KeySet(
            fetch=published if reachable else down, algorithms=ALGORITHMS, clock=lambda: 0.0
        ),
        tenants=tenants,
        now=lambda: NOW,
    )
    past = datetime.fromtimestamp(NOW - 1, UTC)
    return Gatekeeper(
        keys=KeyRing(
            [
                ApiKey(id="ci", digest=digest_of_api_key(KEY), tenant="default", role=Role.READ),
                ApiKey(
                    id="old",
                    digest=digest_of_api_key(EXPIRED),
                    tenant="default",
                    role=Role.READ,
                    expires_at=past,
                ),
            ]
        ),
        tokens=tokens if provider else None,
        limit=RequestLimit(RequestRate(per_second=1, burst=burst), clock=lambda: 0.0),
        now=lambda: datetime.fromtimestamp(NOW, UTC),
    )


async def test_a_key_and_a_token_let_in_the_same_way() -> None:
    gate = gatekeeper()
    assert (await gate.admit(f"Bearer {KEY}")).id == "key:ci"
    assert (await gate.admit(f"Bearer {token()}")).id == "jwt:ada"


WRONG = [
    pytest.param(None, id="no header"),
    pytest.param("", id="empty header"),
    pytest.param(f"Basic {KEY}", id="another scheme"),
    pytest.param(KEY, id="no scheme"),
    pytest.param(f"Bearer {mint_api_key('ci')}", id="wrong secret"),
    pytest.param(f"Bearer {mint_api_key('nobody')}", id="unknown id"),
    pytest.param(f"Bearer {EXPIRED}", id="expired key"),
    pytest.param("Bearer otagw_garbage", id="no key"),
    pytest.param("Bearer garbage", id="garbage"),
    pytest.param(f"Bearer {token(key=rsa_key('other'))}", id="wrong signature"),
    pytest.param(f"Bearer {token(kid='other')}", id="unknown signer"),
    pytest.param(f"Bearer {token(exp=NOW - 60)}", id="expired token"),
    pytest.param(f"Bearer {token(tenant='other')}", id="unknown tenant"),
    pytest.param(f"Bearer {token(role='root')}", id="unknown role"),
    pytest.param(f"Bearer {'a' * 1_000_000}", id="a megabyte"),
    pytest.param(f"Bearer {KEY}, Bearer {KEY}", id="two credentials"),
]


@pytest.mark.parametrize("header", WRONG)
async def test_all_wrong_credentials_are_refused_with_the_same_words(header: str | None) -> None:
    gate = gatekeeper()
    with pytest.raises(UnauthenticatedError) as caught:
        await gate.admit(header)

    error = caught.value
    assert error.message == (
        "credentials are needed, and these are missing, wrong or expired; send "
        "`Authorization: Bearer <API key or token>`"
    )
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert error.retry_after_s is None


async def test_a_token_is_refused_where_no_provider_is_set_up() -> None:
    with pytest.raises(UnauthenticatedError):
        await gatekeeper(provider=False).admit(f"Bearer {token()}")


async def test_a_key_needs_no_provider_and_a_token_does() -> None:
    gate = gatekeeper(reachable=False)
    assert await gate.admit(f"Bearer {KEY}")
    with pytest.raises(SignInUnavailableError):
        await gate.admit(f"Bearer {token()}")


async def test_each_principal_has_a_rate_of_its_own() -> None:
    gate = gatekeeper(burst=2)
    for _ in range(2):
        await gate.admit(f"Bearer {KEY}")
    with pytest.raises(TooManyRequestsError) as caught:
        await gate.admit(f"Bearer {KEY}")
    assert caught.value.retry_after_s == pytest.approx(1)

    assert await gate.admit(f"Bearer {token()}")
    assert await gate.admit(f"Bearer {token(jti='another token of the same subject')}")
    with pytest.raises(TooManyRequestsError):
        await gate.admit(f"Bearer {token()}")


async def test_a_subject_of_two_tenants_has_a_rate_in_each() -> None:
    gate = gatekeeper(burst=1, tenants=frozenset({"default", "other"}))
    assert await gate.admit(f"Bearer {token()}")
    assert await gate.admit(f"Bearer {token(tenant='other')}")
    with pytest.raises(TooManyRequestsError):
        await gate.admit(f"Bearer {token(tenant='other')}")


async def test_wrong_credentials_do_not_use_up_the_rate_of_whom_they_name() -> None:
    gate = gatekeeper(burst=1)
    for _ in range(10):
        with pytest.raises(UnauthenticatedError):
            await gate.admit(f"Bearer {mint_api_key('ci')}")
    assert await gate.admit(f"Bearer {KEY}")


async def test_an_open_gate_looks_at_nothing() -> None:
    gate = Gatekeeper.open()
    assert await gate.admit(None) == Principal.anonymous()
    assert await gate.admit(f"Bearer {mint_api_key('ci')}") == Principal.anonymous()


async def test_the_log_tells_why_and_never_what(caplog: pytest.LogCaptureFixture) -> None:
    gate = gatekeeper()
    shown: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for parameter in WRONG:
            header = parameter.values[0]
            assert header is None or isinstance(header, str)
            with pytest.raises(UnauthenticatedError) as caught:
                await gate.admit(header)
            shown += [str(caught.value), repr(caught.value), str(vars(caught.value))]

    reasons = [vars(record)["reason"] for record in caplog.records]
    assert reasons[:3] == ["absent", "malformed", "malformed"]
    assert reasons[-2:] == ["too_long", "malformed"]
    assert len(reasons) == len(WRONG)
    shown += [str(vars(record)) for record in caplog.records]
    for parameter in WRONG:
        secret = str(parameter.values[0]).rpartition(" ")[2]
        pieces = [piece for piece in secret.replace("_", ".").split(".") if len(piece) > 7]
        assert not [piece for piece in pieces for text in shown if piece in text]
