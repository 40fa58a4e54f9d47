"""Takes secrets out of the cloud's objects before they are kept as `raw`."""

import re
from typing import Final

from gateway.domain.json_value import JsonObject

_SECRET_KEYS: Final = frozenset({"policy", "signature", "authorization", "password"})
_SECRET_PARTS: Final = re.compile(r"url$|access_?key|secret|token$", re.IGNORECASE)
# A pre-signed address gives itself away by its query, whatever its key is called.
_SIGNED_ADDRESS: Final = re.compile(
    r"[?&](x-oss-)?(OSSAccessKeyId|AccessKeyId|credential|signature|security-?token)=",
    re.IGNORECASE,
)


def redact(value: JsonObject) -> dict[str, object]:
    """`value` without the keys, at any depth, that hold or may hold a secret.

    Dropped are addresses of files (they are pre-signed), keys, signatures, policies and tokens,
    and any text that is a signed address. Checksums (`FirmwareSign`, `SignValue`) stay.
    """
    return {key: _redacted(inner) for key, inner in value.items() if not _is_secret(key, inner)}


def _redacted(value: object) -> object:
    if isinstance(value, dict):
        return redact(value)
    if isinstance(value, list):
        return [_redacted(item) for item in value if not _is_signed_address(item)]
    return value


def _is_secret(key: str, value: object) -> bool:
    return (
        key.casefold() in _SECRET_KEYS
        or _SECRET_PARTS.search(key) is not None
        or _is_signed_address(value)
    )


def _is_signed_address(value: object) -> bool:
    return isinstance(value, str) and _SIGNED_ADDRESS.search(value) is not None
