"""The last line of defence: known secrets are cut out of every line, wherever they come from.

Nothing in the gateway logs a secret on purpose. This is for what nobody thought of: an exception of
a library that quotes an address, a value in a traceback.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr

REDACTED: Final = "[redacted]"

_SHORTEST: Final = 4
"""Shorter secrets cannot be told from ordinary text."""

_CREDENTIALS: Final = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_USER_INFO: Final = re.compile(r"(\w://)[^\s/@\"']+@")
_QUERY: Final = re.compile(r"(\w://[^\s?\"']*)\?[^\s\"']*")


class Redactor:
    """Cuts known secrets, credentials and the queries of addresses out of a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Know `secrets`, as they are and as addresses and JSON write them."""
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        """`text` with `[redacted]` in the place of each secret."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        text = _CREDENTIALS.sub(rf"\1 {REDACTED}", text)
        text = _USER_INFO.sub(rf"\1{REDACTED}@", text)
        return _QUERY.sub(rf"\1?{REDACTED}", text)


def secrets_of(settings: object) -> frozenset[str]:
    """The values of all secrets in `settings`: a model, with models and mappings of them inside."""
    return frozenset(_secrets(settings))


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _secrets(item)


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote(secret)
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
