"""What a token says about its holder, checked claim by claim; its signature is checked elsewhere.

Libraries are lenient here (a text or 10 ** 30 as an expiry, any type of token), so the gateway has
checks of its own. Source: RFC 7519 section 4.1, RFC 8725 section 3, RFC 9068 section 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.access.refusal import Reason, RefusedError
from gateway.domain.principal import DEFAULT_TENANT, Principal, Role

_LONGEST_SUBJECT: Final = 255
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999: no date can be made of a later one
_OWN_WORDS: Final[Mapping[str, Role]] = {role.value: role for role in Role}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """Which tokens are taken, and how they are read.

    Attributes:
        issuer: who must have signed, letter by letter.
        audience: for whom the token must be made, among others perhaps.
        types: words of the header's `typ`, in lower case; an empty one takes tokens without it.
        tenant_claim: names the holder's tenant; a token without it belongs to `default`.
        role_claim: names the holder's role, or a list of which the highest counts; the words of a
            claim `scope` are set apart by spaces (RFC 8693 section 4.2).
        roles: the issuer's words for the roles; empty if it uses the gateway's own.
        max_life_s: from issue to expiry, in seconds; from now if the token does not tell its issue.
        leeway_s: by how much the issuer's clock may be off.
    """

    issuer: str
    audience: str
    types: frozenset[str] = frozenset({"at+jwt", "jwt"})
    tenant_claim: str = "tenant"
    role_claim: str = "role"
    roles: Mapping[str, Role] = field(default_factory=dict)
    max_life_s: float = 86_400.0
    leeway_s: float = 10.0


def principal_of(
    claims: Mapping[str, object], policy: TokenPolicy, *, tenants: frozenset[str], now: float
) -> Principal:
    """Whom `claims` speak of; `now` is seconds since 1970.

    The principal expires when the gateway would refuse the token: at its expiry, plus the leeway.

    Raises:
        RefusedError: a claim is missing, wrong, or not of its type.
    """
    if claims.get("iss") != policy.issuer:
        raise RefusedError(Reason.WRONG_ISSUER)
    audience = claims.get("aud")
    if policy.audience not in (audience if isinstance(audience, list) else [audience]):
        raise RefusedError(Reason.WRONG_AUDIENCE)
    return Principal(
        id=f"jwt:{_subject(claims)}",
        expires_at=datetime.fromtimestamp(_end(claims, policy, now), UTC),
        tenant=_tenant(claims, policy, tenants),
        role=_role(claims, policy),
    )


def _subject(claims: Mapping[str, object]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise RefusedError(Reason.WRONG_SUBJECT)
    # It goes into the journal and the log, where control characters and halves of pairs do harm.
    if not subject.isprintable():
        raise RefusedError(Reason.WRONG_SUBJECT)
    return subject


def _end(claims: Mapping[str, object], policy: TokenPolicy, now: float) -> float:
    expiry, issued_at, not_before = (_seconds(claims, name) for name in ("exp", "iat", "nbf"))
    if expiry is None:
        raise RefusedError(Reason.WRONG_TIMES)
    if now >= expiry + policy.leeway_s:
        raise RefusedError(Reason.EXPIRED)
    if max(issued_at or 0, not_before or 0) > now + policy.leeway_s:
        raise RefusedError(Reason.NOT_YET_VALID)
    if expiry - (now if issued_at is None else issued_at) > policy.max_life_s:
        raise RefusedError(Reason.LIVES_TOO_LONG)
    return expiry + policy.leeway_s


def _seconds(claims: Mapping[str, object], name: str) -> int | None:
    value = claims.get(name)
    if name not in claims:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LAST_SECOND:
        raise RefusedError(Reason.WRONG_TIMES)
    return value


def _tenant(claims: Mapping[str, object], policy: TokenPolicy, tenants: frozenset[str]) -> str:
    tenant = claims.get(policy.tenant_claim, DEFAULT_TENANT)
    if not isinstance(tenant, str) or tenant not in tenants:
        raise RefusedError(Reason.UNKNOWN_TENANT)
    return tenant


def _role(claims: Mapping[str, object], policy: TokenPolicy) -> Role:
    claim = claims.get(policy.role_claim)
    if isinstance(claim, str):
        claim = claim.split(" ") if policy.role_claim == "scope" else [claim]
    known = policy.roles or _OWN_WORDS
    words = claim if isinstance(claim, list) else []
    found = [known[word] for word in words if isinstance(word, str) and word in known]
    if not found:
        raise RefusedError(Reason.NO_ROLE)
    highest = found[0]
    for role in found[1:]:
        highest = role if role.includes(highest) else highest
    return highest
