"""Documents asked for by the hash of their text: what Apollo calls automatic persisted queries."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graphql import GraphQLError

from gateway.schema.documents.refusals import refusal

_SHA256: Final = re.compile(r"[0-9A-Fa-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistedQuery:
    """`extensions.persistedQuery` of a request; `sha256` is hexadecimal, 64 characters."""

    sha256: str


def persisted_query(
    extensions: Mapping[str, object] | None,
) -> PersistedQuery | GraphQLError | None:
    """What `extensions.persistedQuery` says; None if a request has none.

    Version 1 is all there is: `{"version": 1, "sha256Hash": "..."}`.
    """
    given = None if extensions is None else extensions.get("persistedQuery")
    if given is None:
        return None
    version = given.get("version") if isinstance(given, Mapping) else None
    sha256 = given.get("sha256Hash") if isinstance(given, Mapping) else None
    if version != 1 or not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        message = (
            "`extensions.persistedQuery` must hold `version` 1 and `sha256Hash`, the SHA-256 of "
            "the document in hexadecimal"
        )
        return refusal("BAD_USER_INPUT", message)
    return PersistedQuery(sha256=sha256)
