import hmac
from datetime import UTC, datetime, timedelta

import pytest

from gateway.access.api_key import ApiKey, digest_of_api_key, mint_api_key
from gateway.access.key_ring import KeyRing
from gateway.access.refusal import Reason, RefusedError
from gateway.domain.principal import Principal, Role

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CI = mint_api_key("ci")
OPS = mint_api_key("night_ops")


def ring() -> KeyRing:
    return KeyRing(
        [
            ApiKey(id="ci", digest=digest_of_api_key(CI), tenant="acme", role=Role.READ),
            ApiKey(
                id="night_ops",
                digest=digest_of_api_key(OPS),
                tenant="umbra",
                role=Role.ADMIN,
                expires_at=NOW + timedelta(hours=1),
            ),
        ]
    )


def reason(credential: str, now: datetime = NOW) -> Reason:
    with pytest.raises(RefusedError) as caught:
        ring().principal(credential, now=now)
    return caught.value.reason


def test_a_key_lets_in_whoever_the_settings_say() -> None:
    assert ring().principal(CI, now=NOW) == Principal(id="key:ci", tenant="acme", role=Role.READ)
    assert ring().principal(OPS, now=NOW) == Principal(
        id="key:night_ops",
        tenant="umbra",
        role=Role.ADMIN,
        expires_at=NOW + timedelta(hours=1),
    )


@pytest.mark.parametrize(
    "credential",
    [
        pytest.param(mint_api_key("ci"), id="another secret"),
        pytest.param(mint_api_key("nobody"), id="another id"),
        pytest.param(CI.replace("otagw_ci_", "otagw_night_ops_"), id="secret of another id"),
        pytest.param(CI[:-1], id="cut"),
        pytest.param(CI + "0", id="continued"),
        pytest.param(CI.swapcase(), id="other case"),
        pytest.param("otagw_", id="prefix alone"),
        pytest.param("otagw__", id="no id"),
        pytest.param(f"sha256:{digest_of_api_key(CI).hex()}", id="the hash itself"),
        pytest.param("", id="nothing"),
    ],
)
def test_wrong_keys_are_refused_alike(credential: str) -> None:
    assert reason(credential) is Reason.WRONG_KEY


def test_an_expired_key_is_refused_from_its_last_moment_on() -> None:
    assert ring().principal(OPS, now=NOW + timedelta(minutes=59))
    assert reason(OPS, NOW + timedelta(hours=1)) is Reason.EXPIRED


def test_every_wrong_key_costs_the_same_steps() -> None:
    compared: list[tuple[bytes, int]] = []

    def same(one: bytes, other: bytes) -> bool:
        compared.append((one, len(other)))
        return hmac.compare_digest(one, other)

    keys = KeyRing(
        [ApiKey(id="ci", digest=digest_of_api_key(CI), tenant="acme", role=Role.READ)], same=same
    )
    wrong = [mint_api_key("ci"), mint_api_key("nobody"), "otagw_garbage"]
    for credential in wrong:
        with pytest.raises(RefusedError):
            keys.principal(credential, now=NOW)

    assert compared == [(digest_of_api_key(credential), 32) for credential in wrong]


def test_an_unknown_id_is_refused_whatever_the_comparison_says() -> None:
    with pytest.raises(RefusedError):
        KeyRing(same=lambda _one, _other: True).principal(CI, now=NOW)


def test_a_ring_without_keys_lets_nobody_in() -> None:
    with pytest.raises(RefusedError):
        KeyRing().principal(CI, now=NOW)
    assert len(KeyRing()) == 0
    assert len(ring()) == 2


def test_what_is_kept_of_a_key_is_not_printed() -> None:
    kept = ApiKey(id="ci", digest=digest_of_api_key(CI), tenant="acme", role=Role.READ)
    assert repr(digest_of_api_key(CI)) not in repr(kept)
