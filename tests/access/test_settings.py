"""The sections `[access]` and `[tenants]`: what they take, and what they never show."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, ValidationError

from gateway.access.api_key import digest_of_api_key, hash_text, mint_api_key
from gateway.access.signing_keys import Algorithm
from gateway.domain.principal import Role
from gateway.settings.access import AccessSettings, access_problems
from gateway.settings.problems import problems_of
from gateway.settings.tenants import Tenants, TenantSettings, tenant_problems

KEY = mint_api_key("ci")
TOML = f"""
[access.keys.ci]
hash = "{hash_text(KEY)}"
tenant = "acme"
role = "operate"
expires_at = 2027-01-01T00:00:00Z

[access.jwt]
issuer = "https://login.example/realm"
audience = "ota-gateway"
jwks_url = "https://login.example/realm/keys?v=1"
algorithms = ["ES256"]
types = ["application/at+JWT", ""]
roles = {{ "fleet-ops" = "operate" }}

[tenants.acme]
backends = ["enos_eu"]

[tenants.umbra]
backends = ["enos_eu", "aliyun"]
"""
JWT = {"issuer": "i", "audience": "a", "jwks_url": "https://login.example/keys"}


class Both(BaseModel):
    """The two sections as the root of the settings holds them."""

    access: AccessSettings = AccessSettings()
    tenants: Tenants = {}


def problems(values: Mapping[str, object]) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Both.model_validate(values)
    return list(problems_of(caught.value))


def test_everything_that_can_be_set_arrives_at_the_gate() -> None:
    settings = Both.model_validate(tomllib.loads(TOML))
    sign_in = settings.access.sign_in(settings.tenants)

    (key,) = sign_in.keys
    assert (key.id, key.digest, key.tenant, key.role, key.expires_at) == (
        "ci",
        digest_of_api_key(KEY),
        "acme",
        Role.OPERATE,
        datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert sign_in.tenants == {"acme", "umbra"}
    assert sign_in.provider is not None
    assert sign_in.provider.jwks_url == "https://login.example/realm/keys?v=1"
    assert sign_in.provider.algorithms == (Algorithm.ES256,)
    policy = sign_in.provider.policy
    assert (policy.issuer, policy.audience) == ("https://login.example/realm", "ota-gateway")
    assert policy.types == {"at+jwt", ""}
    assert policy.roles == {"fleet-ops": Role.OPERATE}
    assert (sign_in.rate.per_second, sign_in.rate.burst) == (50, 100)
    assert access_problems(settings.access, settings.tenants) == []
    assert tenant_problems(settings.tenants, frozenset({"enos_eu", "aliyun"})) == []


def test_what_is_not_set_is_strict() -> None:
    access = AccessSettings.model_validate({"jwt": JWT})
    provider = access.sign_in({}).provider
    assert provider is not None
    assert provider.algorithms == (Algorithm.RS256, Algorithm.ES256)
    assert provider.policy.types == {"at+jwt", "jwt"}
    assert (provider.policy.max_life_s, provider.policy.leeway_s) == (86_400, 10)
    assert (provider.policy.tenant_claim, provider.policy.role_claim) == ("tenant", "role")
    assert access.sign_in({}).tenants == {"default"}
    assert not AccessSettings().anonymous
    assert not AccessSettings().signs_in


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"algorithms": ["HS256"]}, "access.jwt.algorithms.0"),
        ({"algorithms": ["none"]}, "access.jwt.algorithms.0"),
        ({"algorithms": []}, "access.jwt.algorithms"),
        ({"jwks_url": "http://login.example/keys"}, "access.jwt.jwks_url"),
        ({"jwks_url": "https://user:word@login.example/keys"}, "access.jwt.jwks_url"),
        ({"jwks_url": "file:///etc/passwd"}, "access.jwt.jwks_url"),
        ({"issuer": ""}, "access.jwt.issuer"),
        ({"audience": ""}, "access.jwt.audience"),
        ({"roles": {"ops": "root"}}, "access.jwt.roles.ops"),
        ({"types": []}, "access.jwt.types"),
        ({"leeway_s": 31}, "access.jwt.leeway_s"),
        ({"max_life_s": 0}, "access.jwt.max_life_s"),
        ({"secret": "x"}, "access.jwt.secret"),
    ],
)
def test_wrong_settings_of_the_provider_are_named(wrong: dict[str, object], where: str) -> None:
    line, *_ = problems({"access": {"jwt": {**JWT, **wrong}}})
    assert line.partition(":")[0] == where


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"hash": "sha256:00"}, "access.keys.ci.hash"),
        ({"role": "root"}, "access.keys.ci.role"),
        ({"role": None}, "access.keys.ci.role"),
        ({"expires_at": "2027-01-01T00:00:00"}, "access.keys.ci.expires_at"),
        ({"key": "x"}, "access.keys.ci.key"),
    ],
)
def test_wrong_settings_of_a_key_are_named(wrong: dict[str, object], where: str) -> None:
    key = {"hash": hash_text(KEY), "role": "read", **wrong}
    (line,) = problems({"access": {"keys": {"ci": key}}})
    assert line.partition(":")[0] == where


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"keys": {"ci": {"hash": KEY, "role": "read"}}}, id="as hash"),
        pytest.param({"keys": {KEY: {"hash": hash_text(KEY), "role": "read"}}}, id="as id"),
        pytest.param({"keys": {KEY: {"role": "root"}}}, id="as id of a wrong table"),
        pytest.param({"keys": {"ci": KEY}}, id="as table"),
        pytest.param({"keys": KEY}, id="as all keys"),
        pytest.param({"keys": {"ci": {"hash": hash_text(KEY), "role": KEY}}}, id="as role"),
        pytest.param(
            {"jwt": {**JWT, "jwks_url": f"https://{KEY}@x.example/"}}, id="in the address"
        ),
    ],
)
def test_a_key_in_the_wrong_place_is_not_repeated(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Both.model_validate({"access": values})
    secret = KEY.rpartition("_")[2]
    assert secret not in "\n".join(problems_of(caught.value))
    assert secret not in str(caught.value)


def test_settings_hold_no_part_of_a_key() -> None:
    settings = Both.model_validate(tomllib.loads(TOML))
    secret = KEY.rpartition("_")[2]
    for text in (repr(settings), settings.model_dump_json(), repr(settings.access.sign_in({}))):
        assert secret not in text


def test_open_and_signed_in_cannot_both_be_meant() -> None:
    (line,) = problems({"access": {"anonymous": True, "jwt": JWT}})
    assert line.startswith("access: anonymous opens the gateway to everybody")
    assert AccessSettings(anonymous=True).anonymous


def test_a_key_of_an_unknown_tenant_is_named() -> None:
    access = AccessSettings.model_validate(
        {"keys": {"ci": {"hash": hash_text(KEY), "role": "read", "tenant": "acme"}}}
    )
    line = "access.keys.ci.tenant: there is no such tenant; set up [tenants.<name>]"
    assert access_problems(access, {}) == [line]
    assert access_problems(access, {"umbra": TenantSettings(backends=("a",))}) == [line]
    assert access_problems(access, {"acme": TenantSettings(backends=("a",))}) == []


def test_a_key_without_tenant_needs_the_default_one_where_tenants_are_set_up() -> None:
    access = AccessSettings.model_validate(
        {"keys": {"ci": {"hash": hash_text(KEY), "role": "read"}}}
    )
    assert access_problems(access, {}) == []
    assert len(access_problems(access, {"acme": TenantSettings(backends=("a",))})) == 1


def test_tenants_need_somebody_who_signs_in() -> None:
    (line,) = access_problems(AccessSettings(), {"acme": TenantSettings(backends=("a",))})
    assert line.startswith("tenants: nobody signs in")


def test_a_tenant_sees_backends_that_exist() -> None:
    tenants = {"acme": TenantSettings(backends=("a", "c", "b"))}
    assert tenant_problems(tenants, frozenset({"a"})) == [
        "tenants.acme.backends: there is no backend b",
        "tenants.acme.backends: there is no backend c",
    ]


@pytest.mark.parametrize("name", ["", "Acme", "a-b", "1a", "a" * 33])
def test_the_name_of_a_tenant_is_checked(name: str) -> None:
    (line,) = problems({"tenants": {name: {"backends": ["a"]}}})
    assert line.startswith("tenants: a tenant's name is")


def test_a_tenant_sees_one_backend_at_least() -> None:
    (line,) = problems({"tenants": {"acme": {"backends": []}}})
    assert line.startswith("tenants.acme.backends")
