"""Who may come in: API keys, tokens of an identity provider, and how often each may ask.

Nothing in this section is a secret: of an API key the settings hold its hash.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import AfterValidator, AwareDatetime, Field, field_validator, model_validator

from gateway.access.api_key import KEY_ID, KEY_ID_RULE, ApiKey, digest_in
from gateway.access.opening import IdentityProvider, SignIn
from gateway.access.request_limit import RequestRate
from gateway.access.signing_keys import Algorithm
from gateway.access.token_claims import TokenPolicy
from gateway.domain.principal import DEFAULT_TENANT, Role
from gateway.settings.section import Seconds, Section
from gateway.settings.tenants import TenantSettings
from gateway.transport.json_document import checked_document_address

_LONGEST_LEEWAY_S: Final = 30.0


def _checked_hash(text: str) -> str:
    digest_in(text)
    return text


class ApiKeySettings(Section):
    """One API key, by its hash; `ota-gateway key` makes both. No `expires_at` means no end."""

    hash: Annotated[str, AfterValidator(_checked_hash)]
    tenant: str = DEFAULT_TENANT
    role: Role
    expires_at: AwareDatetime | None = None


class JwtSettings(Section):
    """An identity provider (OAuth 2, OpenID Connect) whose tokens are taken.

    `issuer` must be what its tokens say, letter by letter, `audience` the name that it knows the
    gateway by, and `jwks_url` where it publishes its keys: https, or http on this machine. Its host
    name must not lead to a private address unless `allow_private_addresses` says that this is
    meant: a provider on premises, in the same cluster.
    `types` are the values of the header `typ` that are taken; an empty one takes tokens without it.
    `roles` translates the provider's words for roles; without it they must be `read`, `operate` and
    `admin`. A token may live for `max_life_s`, and the provider's clock may be off by `leeway_s`.
    """

    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    jwks_url: Annotated[str, AfterValidator(checked_document_address)]
    allow_private_addresses: bool = False
    algorithms: tuple[Algorithm, ...] = Field(
        default=(Algorithm.RS256, Algorithm.ES256), min_length=1
    )
    types: tuple[str, ...] = Field(default=("at+jwt", "JWT"), min_length=1)
    tenant_claim: str = Field(default="tenant", min_length=1)
    role_claim: str = Field(default="role", min_length=1)
    roles: Mapping[str, Role] = {}
    max_life_s: Seconds = 86_400.0
    leeway_s: float = Field(default=10.0, ge=0, le=_LONGEST_LEEWAY_S)


class AccessSettings(Section):
    """Who may come in, and how often.

    `keys` are by id. Without keys and `jwt` nobody signs in: everybody who reaches the gateway may
    do everything, which is why it then listens on this machine alone, unless `anonymous` says that
    this is meant. One principal may make `requests_per_second` in the long run, and `burst` at once
    after a rest; 0 sets no limit.
    """

    keys: Mapping[str, ApiKeySettings] = {}
    jwt: JwtSettings | None = None
    anonymous: bool = False
    requests_per_second: float = Field(default=50.0, ge=0, le=100_000)
    burst: int = Field(default=100, ge=1)

    @property
    def signs_in(self) -> bool:
        """Whether callers have to sign in."""
        return bool(self.keys) or self.jwt is not None

    @field_validator("keys", mode="before")
    @classmethod
    def _ids(cls, keys: object) -> object:
        # Checked before anything quotes an id: it may be a whole key, put there by mistake.
        if isinstance(keys, Mapping) and not all(KEY_ID.fullmatch(str(name)) for name in keys):
            raise ValueError(KEY_ID_RULE)
        return keys

    @model_validator(mode="after")
    def _means_one_thing(self) -> Self:
        if self.anonymous and self.signs_in:
            message = "anonymous opens the gateway to everybody; leave it out, or the keys and jwt"
            raise ValueError(message)
        return self

    def sign_in(self, tenants: Mapping[str, TenantSettings]) -> SignIn:
        """This section as the gate takes it, where `tenants` are all there are."""
        return SignIn(
            keys=tuple(
                ApiKey(
                    id=name,
                    digest=digest_in(key.hash),
                    tenant=key.tenant,
                    role=key.role,
                    expires_at=key.expires_at,
                )
                for name, key in self.keys.items()
            ),
            provider=None if self.jwt is None else _provider(self.jwt),
            tenants=_names(tenants),
            rate=RequestRate(per_second=self.requests_per_second, burst=self.burst),
        )


def access_problems(access: AccessSettings, tenants: Mapping[str, TenantSettings]) -> list[str]:
    """What is wrong between the two sections, a line each."""
    names = _names(tenants)
    problems = [
        f"access.keys.{name}.tenant: there is no such tenant; set up [tenants.<name>]"
        for name, key in access.keys.items()
        if key.tenant not in names
    ]
    if tenants and not access.signs_in:
        problems.append(
            "tenants: nobody signs in, so nobody belongs to a tenant; set up [access.keys.<id>] or "
            "[access.jwt]"
        )
    return problems


def _names(tenants: Mapping[str, TenantSettings]) -> frozenset[str]:
    return frozenset(tenants) or frozenset({DEFAULT_TENANT})


def _provider(jwt: JwtSettings) -> IdentityProvider:
    return IdentityProvider(
        jwks_url=jwt.jwks_url,
        allow_private_addresses=jwt.allow_private_addresses,
        algorithms=jwt.algorithms,
        policy=TokenPolicy(
            issuer=jwt.issuer,
            audience=jwt.audience,
            types=frozenset(word.lower().removeprefix("application/") for word in jwt.types),
            tenant_claim=jwt.tenant_claim,
            role_claim=jwt.role_claim,
            roles=jwt.roles,
            max_life_s=jwt.max_life_s,
            leeway_s=jwt.leeway_s,
        ),
    )
