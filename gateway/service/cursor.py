"""Cursors of lists: opaque strings that only fit the list they came from."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Final

from gateway.domain.errors import InvalidRequestError
from gateway.service.source import Position

_VERSION: Final = 1
_MAX_LENGTH: Final = 8_192
_MAX_MS: Final = 253_402_300_800_000  # the year 10000


def list_hash(*parts: object) -> str:
    """A short fingerprint of what a list was asked for."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def encode_merged(query: str, positions: Mapping[str, Position]) -> str:
    """The cursor behind `positions` in the merged list with the fingerprint `query`."""
    return _encode(
        query, {b: [p.created_ms, p.native_id, p.offset] for b, p in sorted(positions.items())}
    )


def decode_merged(query: str, cursor: str | None) -> dict[str, Position]:
    """Positions by backend; empty for the start of the list.

    Raises:
        InvalidRequestError: not a cursor of this list.
    """
    if cursor is None:
        return {}
    found = _decode(query, cursor)
    try:
        if not isinstance(found, dict):
            raise TypeError(found)  # noqa: TRY301 - one refusal for every way to be wrong
        return {str(backend): _position(value) for backend, value in found.items()}
    except (TypeError, ValueError) as error:
        raise _foreign() from error


def _position(value: object) -> Position:
    match value:
        case [int(created_ms), str(native_id), int(offset)] if (
            0 <= created_ms < _MAX_MS and 0 <= offset < _MAX_MS
        ):
            return Position(created_ms=created_ms, native_id=native_id, offset=offset)
        case _:
            raise ValueError(value)


def encode_offset(query: str, segment: int, offset: int) -> str:
    """The cursor behind item `offset` (from 0) of segment `segment` of one backend's list."""
    return _encode(query, [segment, offset])


def decode_offset(query: str, cursor: str | None) -> tuple[int, int]:
    """Segment and offset of the item behind which the next page begins; (0, -1) for the start.

    Raises:
        InvalidRequestError: not a cursor of this list.
    """
    if cursor is None:
        return (0, -1)
    match _decode(query, cursor):
        case [int(segment), int(offset)] if 0 <= segment < _MAX_LENGTH and -1 <= offset < _MAX_MS:
            return (segment, offset)
        case _:
            raise _foreign()


def _encode(query: str, place: object) -> str:
    text = json.dumps([_VERSION, query, place], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode("ascii")


def _decode(query: str, cursor: str) -> object:
    try:
        if len(cursor) > _MAX_LENGTH:
            raise ValueError(cursor)  # noqa: TRY301
        padded = cursor + "=" * (-len(cursor) % 4)
        version, of_query, place = json.loads(
            base64.b64decode(padded, altchars=b"-_", validate=True)
        )
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise _foreign() from error
    if version != _VERSION or of_query != query:
        raise _foreign()
    found: object = place
    return found


def _foreign() -> InvalidRequestError:
    return InvalidRequestError(
        "not a cursor of this list; pass an `endCursor` that the same query returned, with the "
        "same filter, or leave `after` out to start again",
        path=("after",),
    )
