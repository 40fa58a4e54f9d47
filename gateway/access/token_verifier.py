"""Tokens of an identity provider (JWT): who signed them, and for whom.

Source: RFC 7515 (form), RFC 7519 (claims), RFC 8725 (what goes wrong with both).
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from jwt import PyJWK, PyJWS
from jwt.exceptions import PyJWTError

from gateway.access.key_set import KeySet
from gateway.access.recent import Recent
from gateway.access.refusal import Reason, RefusedError
from gateway.access.signing_keys import Algorithm
from gateway.access.token_claims import TokenPolicy, principal_of
from gateway.domain.principal import Principal

_FORM: Final = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MEDIA_TYPE: Final = "application/"  # may be left away in `typ`: RFC 7515 section 4.1.9
_REMEMBERED: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verified:
    """A token that was found good, as long as its key is held and its time is not up."""

    principal: Principal
    key_id: str
    algorithm: Algorithm
    key: PyJWK


class TokenVerifier:
    """Checks tokens, and remembers the good ones by their hash.

    To verify one takes a tenth of a millisecond, forty times as long as to remember it, so that is
    done again only once its key was fetched anew. Nothing but that key, its id and the principal is
    kept.
    """

    def __init__(
        self,
        *,
        policy: TokenPolicy,
        algorithms: Collection[Algorithm],
        keys: KeySet,
        tenants: frozenset[str],
        now: Callable[[], float] = time.time,
        remembered: int = _REMEMBERED,
    ) -> None:
        """`tenants` are the names that a token may bear; `now` is seconds since 1970."""
        self._policy = policy
        self._algorithms = frozenset(algorithms)
        self._keys = keys
        self._tenants = tenants
        self._now = now
        self._jws = PyJWS(algorithms=[algorithm.value for algorithm in self._algorithms])
        self._good: Recent[bytes, _Verified] = Recent(max_entries=remembered)

    async def principal(self, token: str) -> Principal:
        """Whose `token` is.

        Only the configured keys count: a key, or the address of one, in the token is not looked at.

        Raises:
            RefusedError: nobody's whom the gateway knows.
            SignInUnavailableError: the keys to check it with cannot be had.
        """
        digest = hashlib.sha256(token.encode()).digest()
        known = self._good.get(digest)
        if known is not None and await self._still_good(known):
            return known.principal
        key_id, algorithm = self._header(token)
        key = await self._keys.find(key_id, algorithm)
        if key is None:
            raise RefusedError(Reason.UNKNOWN_SIGNER)
        principal = self._verified(token, algorithm, key)
        self._good.put(
            digest, _Verified(principal=principal, key_id=key_id, algorithm=algorithm, key=key)
        )
        return principal

    async def _still_good(self, known: _Verified) -> bool:
        key = await self._keys.find(known.key_id, known.algorithm)
        end = known.principal.expires_at
        return key is known.key and end is not None and self._now() < end.timestamp()

    def _header(self, token: str) -> tuple[str, Algorithm]:
        """Id of the key and the algorithm, of a header that asks for nothing we do not know."""
        form = _FORM.fullmatch(token)
        if form is None:
            raise RefusedError(Reason.MALFORMED)
        header = _json_object(_decoded(form[1]))
        algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise RefusedError(Reason.UNTRUSTED_ALGORITHM)
        if "crit" in header:
            raise RefusedError(Reason.CRITICAL_EXTENSION)
        if not isinstance(kind, str) or (
            kind.lower().removeprefix(_MEDIA_TYPE) not in self._policy.types
        ):
            raise RefusedError(Reason.WRONG_TYPE)
        if not isinstance(key_id, str):
            raise RefusedError(Reason.UNKNOWN_SIGNER)
        return key_id, Algorithm(algorithm)

    def _verified(self, token: str, algorithm: Algorithm, key: PyJWK) -> Principal:
        try:
            payload = self._jws.decode(token, key, algorithms=[algorithm.value])
        except (PyJWTError, ValueError):
            raise RefusedError(Reason.WRONG_SIGNATURE) from None
        return principal_of(
            _json_object(payload), self._policy, tenants=self._tenants, now=self._now()
        )


def _decoded(segment: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise RefusedError(Reason.MALFORMED) from None


def _json_object(data: bytes) -> dict[str, object]:
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise RefusedError(Reason.MALFORMED) from None
    if not isinstance(value, dict):
        raise RefusedError(Reason.MALFORMED)
    return value
