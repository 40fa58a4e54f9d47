"""Builds the gate out of plain values."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.access.api_key import ApiKey
from gateway.access.gatekeeper import Gate, Gatekeeper, OpenGate
from gateway.access.key_ring import KeyRing
from gateway.access.key_set import KeySet
from gateway.access.request_limit import RequestLimit, RequestRate
from gateway.access.signing_keys import Algorithm
from gateway.access.token_claims import TokenPolicy
from gateway.access.token_verifier import TokenVerifier
from gateway.transport.addresses import AddressRule
from gateway.transport.exchange import HttpTransport
from gateway.transport.json_document import JsonDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider:
    """Whose tokens are taken: the address of its keys, and what it must sign with and say.

    The address may lead to a private one only if `allow_private_addresses`.
    """

    jwks_url: str
    allow_private_addresses: bool = False
    algorithms: tuple[Algorithm, ...]
    policy: TokenPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Who may come in. Without keys and provider everybody may, as one anonymous principal.

    `tenants` are the names that a token may bear.
    """

    keys: tuple[ApiKey, ...] = ()
    provider: IdentityProvider | None = None
    tenants: frozenset[str]
    rate: RequestRate


@asynccontextmanager
async def running_gate(
    sign_in: SignIn,
    *,
    http_transport: HttpTransport | None = None,
    now: Callable[[], float] = time.time,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Gate]:
    """The gate of `sign_in`, until the block ends; nothing is fetched before the first token comes.

    `now` is seconds since 1970, `clock` is monotonic; `http_transport` carries the provider's keys.
    """
    if not sign_in.keys and sign_in.provider is None:
        yield OpenGate()
        return
    async with AsyncExitStack() as stack:
        tokens = None
        if sign_in.provider is not None:
            document = JsonDocument(
                sign_in.provider.jwks_url,
                addresses=AddressRule.of(
                    sign_in.provider.jwks_url,
                    setting="access.jwt.allow_private_addresses",
                    allow_private=sign_in.provider.allow_private_addresses,
                ),
                http_transport=http_transport,
            )
            stack.push_async_callback(document.aclose)
            keys = KeySet(fetch=document.fetch, algorithms=sign_in.provider.algorithms, clock=clock)
            stack.push_async_callback(keys.aclose)
            tokens = TokenVerifier(
                policy=sign_in.provider.policy,
                algorithms=sign_in.provider.algorithms,
                keys=keys,
                tenants=sign_in.tenants,
                now=now,
            )
        yield Gatekeeper(
            keys=KeyRing(sign_in.keys),
            tokens=tokens,
            limit=RequestLimit(sign_in.rate, clock=clock),
            now=lambda: datetime.fromtimestamp(now(), UTC),
        )
