"""All API keys of the gateway, and who stands behind each."""

import hmac
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime

from gateway.access.api_key import ApiKey, digest_of_api_key, id_of_api_key
from gateway.access.refusal import Reason, RefusedError
from gateway.domain.principal import Principal


class KeyRing:
    """Finds a key by its id, then compares the hashes in constant time.

    An id that is unknown, and a text that is no key at all, are compared with a hash that nothing
    has, so they take the same steps as a wrong secret: nobody learns which ids there are.
    """

    def __init__(
        self,
        keys: Iterable[ApiKey] = (),
        *,
        same: Callable[[bytes, bytes], bool] = hmac.compare_digest,
    ) -> None:
        """Hold `keys`, whose ids differ; `same` compares without telling where two digests part."""
        self._keys = {key.id: key for key in keys}
        self._same = same
        self._nobodys_digest = secrets.token_bytes(32)

    def __len__(self) -> int:
        """Keys held."""
        return len(self._keys)

    def principal(self, credential: str, *, now: datetime) -> Principal:
        """Whose key `credential` is; `now` is aware.

        Raises:
            RefusedError: nobody's, or it has expired.
        """
        key = self._keys.get(id_of_api_key(credential) or "")
        expected = self._nobodys_digest if key is None else key.digest
        right = self._same(digest_of_api_key(credential), expected)
        if key is None or not right:
            raise RefusedError(Reason.WRONG_KEY)
        if key.expires_at is not None and now >= key.expires_at:
            raise RefusedError(Reason.EXPIRED)
        return Principal(
            id=f"key:{key.id}", tenant=key.tenant, role=key.role, expires_at=key.expires_at
        )
