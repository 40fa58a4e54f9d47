"""Cursors of lists: opaque strings that only fit the list they came from."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Final, TypeGuard

from gateway.domain.errors import InvalidRequestError
from gateway.service.source import Position

_VERSION: Final = 1
_MAX_LENGTH: Final = 8_192
_MAX_MS: Final = 253_402_300_800_000  # the year 10000
_MAX_OFFSET: Final = 2**31  # no cloud lists as much, and more fits no page number
_MAX_SEGMENTS: Final = 2**16


def list_hash(*parts: object) -> str:
    """A short fingerprint of what a list was asked for."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def encode_merged(query: str, positions: Mapping[str, Position]) -> str:
    """The cursor behind `positions` in the merged list with the fingerprint `query`."""
    return _encode(
        query,
        {
            backend: [place.created_ms, place.native_id, place.offset, place.undated]
            for backend, place in sorted(positions.items())
        },
    )


def decode_merged(query: str, cursor: str | None) -> dict[str, Position]:
    """Positions by backend; empty for the start of the list.

    Raises:
        InvalidRequestError: not a cursor of this list.
    """
    if cursor is None:
        return {}
    match _decode(query, cursor):
        case dict(found):
            return {backend: _position(place) for backend, place in found.items()}
        case _:
            raise _foreign()


def _position(place: object) -> Position:
    match place:
        case [created_ms, str(native_id), offset, bool(undated)] if _is_whole(
            created_ms, 0, _MAX_MS
        ) and _is_whole(offset, 0, _MAX_OFFSET):
            return Position(
                created_ms=created_ms, native_id=native_id, offset=offset, undated=undated
            )
        case _:
            raise _foreign()


def encode_place(query: str, segment: int, page: int, index: int) -> str:
    """The cursor behind item `index` (from 0) on page `page` of segment `segment` of a list.

    An `index` of -1 is the place before the first item of the page.
    """
    return _encode(query, [segment, page, index])


def decode_place(query: str, cursor: str | None) -> tuple[int, int, int]:
    """Segment, page and index behind which the next page begins; (0, 1, -1) for the start.

    Raises:
        InvalidRequestError: not a cursor of this list.
    """
    if cursor is None:
        return (0, 1, -1)
    match _decode(query, cursor):
        case [segment, page, index] if (
            _is_whole(segment, 0, _MAX_SEGMENTS)
            and _is_whole(page, 1, _MAX_OFFSET)
            and _is_whole(index, -1, _MAX_OFFSET)
        ):
            return (segment, page, index)
        case _:
            raise _foreign()


def _is_whole(value: object, least: int, below: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < below


def _encode(query: str, place: object) -> str:
    text = json.dumps([_VERSION, query, place], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode("ascii")


def _decode(query: str, cursor: str) -> object:
    """What `_encode` was given; only the exact string that it made is accepted."""
    try:
        if len(cursor) > _MAX_LENGTH:
            raise ValueError(cursor)  # noqa: TRY301 - one refusal for every way to be wrong
        padded = cursor + "=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        _, _, place = json.loads(raw)
        if _encode(query, place) != cursor:
            raise ValueError(cursor)  # noqa: TRY301
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise _foreign() from error
    found: object = place
    return found


def _foreign() -> InvalidRequestError:
    return InvalidRequestError(
        "not a cursor of this list; pass an `endCursor` that the same query returned, with the "
        "same filter, or leave `after` out to start again",
        path=("after",),
    )
