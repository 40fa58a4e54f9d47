"""What must not leave in `raw`: tokens, signatures, and addresses that carry them."""

import re
from collections.abc import Mapping
from typing import Final

from gateway.domain.json_value import JsonObject

_SECRET_KEYS: Final = frozenset(
    {
        "accesstoken",
        "apimaccesstoken",
        "apimrefreshtoken",
        "apimsignature",
        "appsecret",
        "devicesecret",
        "encryption",
        "password",
        "productsecret",
        "refreshtoken",
        "secretkey",
        "signature",
    },
)
# `sign` is not among them: it is the checksum of a firmware file.

_PRE_SIGNED: Final = re.compile(r"https?://[^\s?#]*\?\S*", re.IGNORECASE)
_DROPPED: Final = object()


def redact(vendor_object: Mapping[str, object]) -> JsonObject:
    """Copy `vendor_object` without secrets; everything else stays verbatim, nulls included.

    Keys that name a secret go, and so do values that are an http address with a query, at any
    depth. Within a longer text such an address loses its query alone. `enos-connect://` names a
    file inside of EnOS and stays.
    """
    return _redact_object(vendor_object)


def redact_text(text: str) -> str:
    """Copy `text` with the query cut off any http address in it."""
    return _PRE_SIGNED.sub(lambda address: address.group().partition("?")[0], text)


def _redact_object(value: Mapping[str, object]) -> dict[str, object]:
    copy = {
        key: _redact_value(item) for key, item in value.items() if _plain(key) not in _SECRET_KEYS
    }
    return {key: item for key, item in copy.items() if item is not _DROPPED}


def _redact_value(value: object) -> object:
    if isinstance(value, Mapping):
        return _redact_object(value)
    if isinstance(value, list):
        return [item for item in map(_redact_value, value) if item is not _DROPPED]
    if isinstance(value, str):
        return _DROPPED if _PRE_SIGNED.fullmatch(value.strip()) else redact_text(value)
    return value


def _plain(key: str) -> str:
    return key.replace("-", "").replace("_", "").lower()
