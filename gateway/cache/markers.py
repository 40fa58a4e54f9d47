"""Invalidation by tag: a marker in the store makes every answer from before it out of date.

A tag has no marker until it is invalidated for the first time. A marker is a text of its own each
time, never a counter: one that was evicted and written anew cannot repeat an earlier one.
"""

import hashlib
import math
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What the markers of some tags say together.

    `name` differs whenever one of them changed. Loads that began before `settled_at` (epoch
    seconds) may have seen the state before the last invalidation; 0 if there was none.
    """

    name: str
    settled_at: float


def new_marker(settled_at: float) -> bytes:
    """Marker for an invalidation whose effect is visible in the cloud from `settled_at` on."""
    return f"{settled_at!r} {secrets.token_hex(8)}".encode()


def generation_of(markers: Sequence[bytes | None]) -> Generation:
    """What `markers`, in the order of their tags, say together.

    A marker that somebody else scribbled over still differs from what it was, which is all that
    validity needs.
    """
    if not any(markers):
        return Generation(name="", settled_at=0.0)
    name = hashlib.sha256(repr(list(markers)).encode()).hexdigest()[:16]
    return Generation(name=name, settled_at=max(_settled_at(markers)))


def _settled_at(markers: Iterable[bytes | None]) -> Iterable[float]:
    for marker in markers:
        try:
            settled_at = float((marker or b"0").partition(b" ")[0])
        except ValueError:
            settled_at = 0.0
        yield settled_at if math.isfinite(settled_at) else 0.0
