"""Claims that are wrong in every way a token can be, at `NOW`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.refusal import Reason, RefusedError
from gateway.access.token_claims import TokenPolicy, principal_of
from gateway.domain.principal import Principal, Role
from tests.access.issuer import AUDIENCE, CLAIMS, DEFAULT, ISSUER, NOW, POLICY

LEEWAY = 10


def read(
    claims: Mapping[str, object],
    *,
    policy: TokenPolicy = POLICY,
    tenants: frozenset[str] = DEFAULT,
    now: float = NOW,
) -> Principal:
    return principal_of(claims, policy, tenants=tenants, now=now)


def reason(
    claims: Mapping[str, object],
    *,
    policy: TokenPolicy = POLICY,
    tenants: frozenset[str] = DEFAULT,
    now: float = NOW,
) -> Reason:
    with pytest.raises(RefusedError) as caught:
        read({**CLAIMS, **claims}, policy=policy, tenants=tenants, now=now)
    return caught.value.reason


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in CLAIMS.items() if key != name}


def test_good_claims_make_a_principal_that_ends_with_them() -> None:
    assert read(CLAIMS) == Principal(
        id="jwt:ada",
        tenant="default",
        role=Role.OPERATE,
        expires_at=datetime.fromtimestamp(NOW + 600 + LEEWAY, UTC),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("iss", Reason.WRONG_ISSUER),
        ("aud", Reason.WRONG_AUDIENCE),
        ("sub", Reason.WRONG_SUBJECT),
        ("exp", Reason.WRONG_TIMES),
        ("role", Reason.NO_ROLE),
    ],
)
def test_required_claims_are_required(name: str, expected: Reason) -> None:
    with pytest.raises(RefusedError) as caught:
        read(without(name))
    assert caught.value.reason is expected


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.example",
        f"{ISSUER}/",
        f"{ISSUER}.evil.example",
        ISSUER.upper(),
        f" {ISSUER}",
        "",
        None,
        7,
        [ISSUER],
    ],
)
def test_the_issuer_is_compared_letter_by_letter(issuer: object) -> None:
    assert reason({"iss": issuer}) is Reason.WRONG_ISSUER


@pytest.mark.parametrize(
    "audience",
    ["other", "", None, [], ["other"], [None], 7, f"{AUDIENCE}x", {AUDIENCE: 1}, [[AUDIENCE]]],
)
def test_a_token_for_others_is_refused(audience: object) -> None:
    assert reason({"aud": audience}) is Reason.WRONG_AUDIENCE


def test_a_token_for_us_and_others_is_taken() -> None:
    assert read({**CLAIMS, "aud": ["other", AUDIENCE]})


@pytest.mark.parametrize(
    "subject", ["", None, 7, ["ada"], "a" * 256, "a\nb", "a\x00", "\x1b[31m", "\ud800", "a\u202eb"]
)
def test_a_subject_is_a_short_printable_text(subject: object) -> None:
    assert reason({"sub": subject}) is Reason.WRONG_SUBJECT


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value",
    [
        str(NOW),
        f"{NOW}",
        float(NOW),
        1e300,
        float("nan"),
        None,
        True,
        [NOW],
        {},
        10**400,
        -(10**30),
    ],
)
def test_times_are_whole_numbers_within_reason(name: str, value: object) -> None:
    assert reason({name: value}) is Reason.WRONG_TIMES


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
def test_a_time_beyond_all_dates_is_refused(name: str) -> None:
    assert reason({name: 10**30}) is Reason.WRONG_TIMES


def test_a_token_lives_until_its_expiry_and_the_leeway() -> None:
    end = NOW + 600 + LEEWAY
    assert read(CLAIMS, now=end - 0.001)
    assert reason({}, now=end) is Reason.EXPIRED


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused_beyond_the_leeway(name: str) -> None:
    assert read({**CLAIMS, name: NOW + LEEWAY})
    assert reason({name: NOW + LEEWAY + 1}) is Reason.NOT_YET_VALID


def test_a_token_that_lives_longer_than_a_day_is_refused() -> None:
    assert read({**CLAIMS, "iat": NOW, "exp": NOW + 86_400})
    assert reason({"iat": NOW, "exp": NOW + 86_401}) is Reason.LIVES_TOO_LONG
    assert reason({"iat": NOW - 86_400, "exp": NOW + 600}) is Reason.LIVES_TOO_LONG


def test_the_life_of_a_token_without_issue_counts_from_now() -> None:
    assert read({**without("iat"), "exp": NOW + 86_400})
    with pytest.raises(RefusedError) as caught:
        read({**without("iat"), "exp": NOW + 86_401})
    assert caught.value.reason is Reason.LIVES_TOO_LONG


def test_the_tenant_comes_from_its_claim() -> None:
    tenants = frozenset({"acme", "umbra"})
    assert read({**CLAIMS, "tenant": "umbra"}, tenants=tenants).tenant == "umbra"
    assert reason({"tenant": "other"}, tenants=tenants) is Reason.UNKNOWN_TENANT
    assert reason({"tenant": ["acme"]}, tenants=tenants) is Reason.UNKNOWN_TENANT
    assert reason({"tenant": None}, tenants=tenants) is Reason.UNKNOWN_TENANT
    own = replace(POLICY, tenant_claim="org")
    assert read({**CLAIMS, "org": "acme"}, policy=own, tenants=tenants).tenant == "acme"


def test_a_token_without_tenant_belongs_to_the_default_one_if_there_is_one() -> None:
    assert read(CLAIMS).tenant == "default"
    assert reason({}, tenants=frozenset({"acme"})) is Reason.UNKNOWN_TENANT


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        ("read", Role.READ),
        ("admin", Role.ADMIN),
        (["read", "admin", "operate"], Role.ADMIN),
        (["payroll", "operate", 7, None, ["admin"]], Role.OPERATE),
    ],
)
def test_the_highest_known_role_counts(claim: object, role: Role) -> None:
    assert read({**CLAIMS, "role": claim}).role is role


@pytest.mark.parametrize(
    "claim", ["", "root", "READ", "read admin", [], ["root"], None, 7, {"read": 1}]
)
def test_nobody_comes_in_without_a_known_role(claim: object) -> None:
    assert reason({"role": claim}) is Reason.NO_ROLE


def test_roles_may_have_the_issuers_words_and_then_only_those() -> None:
    policy = replace(POLICY, role_claim="groups", roles={"fleet ops": Role.OPERATE})
    assert read({**CLAIMS, "groups": ["fleet ops"]}, policy=policy).role is Role.OPERATE
    assert reason({"groups": ["admin"]}, policy=policy) is Reason.NO_ROLE


def test_the_words_of_a_scope_are_set_apart_by_spaces() -> None:
    policy = replace(POLICY, role_claim="scope", roles={"ota.read": Role.READ, "ota": Role.ADMIN})
    assert read({**CLAIMS, "scope": "openid ota.read"}, policy=policy).role is Role.READ


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*CLAIMS, "nbf", "tenant"]), json_values))
def test_whatever_is_claimed_is_refused_or_ends_after_now_and_within_a_day(
    claims: dict[str, object],
) -> None:
    try:
        principal = read({**CLAIMS, **claims})
    except RefusedError:
        return
    assert principal.tenant == "default"
    assert principal.expires_at is not None
    left_s = principal.expires_at.timestamp() - NOW
    assert 0 < left_s <= 86_400 + 2 * LEEWAY
