"""API keys: how they look, how they are made, and what is kept of them.

A key is `otagw_<id>_<secret>`. The id is public and finds the record; the secret is 43 letters and
digits, 256 bits. The prefix and the fixed length are what a secret scanner needs to know one. With
that much chance in it a key cannot be guessed from its hash, so a plain SHA-256 does: a slow hash
would only make signing in expensive.
"""

import hashlib
import re
import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.domain.principal import Role

KEY_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
KEY_ID_RULE: Final = "a key's id is 1 to 32 of a-z, 0-9 and _, and begins with a letter"

_PREFIX: Final = "otagw_"
_ALPHABET: Final = string.digits + string.ascii_letters
_SECRET_LENGTH: Final = 43  # 62 ** 43 is just above 2 ** 256
_KEY: Final = re.compile(rf"{_PREFIX}({KEY_ID.pattern})_[0-9A-Za-z]{{{_SECRET_LENGTH}}}")
_HASH: Final = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What the gateway keeps of one key: never the key itself.

    `expires_at` is aware; None if the key has no end.
    """

    id: str
    digest: bytes = field(repr=False)
    tenant: str
    role: Role
    expires_at: datetime | None = None


def mint_api_key(key_id: str) -> str:
    """A new key; nothing of it is kept.

    Raises:
        ValueError: `key_id` is no id.
    """
    if not KEY_ID.fullmatch(key_id):
        raise ValueError(KEY_ID_RULE)
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    return f"{_PREFIX}{key_id}_{secret}"


def looks_like_api_key(credential: str) -> bool:
    """Tell whether `credential` means to be a key of the gateway, right or wrong."""
    return credential.startswith(_PREFIX)


def id_of_api_key(credential: str) -> str | None:
    """The id in `credential`; None if it has not the form of a key."""
    found = _KEY.fullmatch(credential)
    return found[1] if found else None


def digest_of_api_key(credential: str) -> bytes:
    """SHA-256 over the whole key, so that a hash says for which id it is."""
    return hashlib.sha256(credential.encode()).digest()


def hash_text(credential: str) -> str:
    """The digest of a key as the settings hold it: `sha256:` and 64 hex digits."""
    return f"sha256:{digest_of_api_key(credential).hex()}"


def digest_in(text: str) -> bytes:
    """The digest that `hash_text` wrote.

    Raises:
        ValueError: another text; the message does not repeat it, as it may be a key.
    """
    found = _HASH.fullmatch(text)
    if found is None:
        message = "must be sha256: and 64 hex digits, as `ota-gateway key` prints it"
        raise ValueError(message)
    return bytes.fromhex(found[1])
