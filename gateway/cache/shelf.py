"""Envelopes on a store: looked up together with the markers that decide about their validity."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast

from gateway.cache.envelope import Absent, Envelope, decode, encode
from gateway.cache.lru import Lru
from gateway.cache.markers import Generation, generation_of, new_marker
from gateway.cache.policy import ReadPolicy
from gateway.cache.read_spec import ReadSpec
from gateway.cache.store import Store
from gateway.cache.ttl import Lifetime
from gateway.domain.metrics import Metrics

T = TypeVar("T")

_DECODED_ENTRIES: Final = 2_048
_DECODED_BYTES: Final = 8 * 1024 * 1024  # of JSON; the objects take several times as much
_UNSENT_ENTRIES: Final = 10_000
_UNSENT_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[T]):
    """What a lookup saw.

    Attributes:
        entry: None if there is no valid one, whatever its age.
        generation: what the markers of the read said; without the store's, if it did not answer.
        beside: bytes of the further keys that were asked for.
        answered: whether the store answered.
    """

    entry: Envelope[T] | None
    generation: Generation
    beside: Sequence[bytes | None]
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Generic[T]):
    """An answer of the cloud, its `Absent` included.

    `began_at` and `ended_at` are epoch seconds around the load. `generation` is what the markers
    said before it began; None if that is not known.
    """

    value: T | Absent
    began_at: float
    ended_at: float
    generation: Generation | None


class Shelf:
    """Looks answers up, keeps them and invalidates them."""

    def __init__(
        self, store: Store, *, metrics: Metrics, policy: ReadPolicy, clock: Callable[[], float]
    ) -> None:
        """Keep envelopes in `store`; `clock` is epoch seconds."""
        self._store = store
        self._metrics = metrics
        self._policy = policy
        self._clock = clock
        # Reading JSON costs more than all else in a hit, and most hits find the bytes of last time.
        self._decoded: Lru[tuple[bytes, Envelope[Any]]] = Lru(
            max_entries=_DECODED_ENTRIES, max_bytes=_DECODED_BYTES
        )
        self._unsent: Lru[bytes] = Lru(max_entries=_UNSENT_ENTRIES, max_bytes=_UNSENT_BYTES)

    async def look(self, spec: ReadSpec[T], beside: Sequence[str] = ()) -> Found[T]:
        """Find the entry of `spec`, together with the bytes of the keys `beside`."""
        await self._send_unsent()
        blobs = await self._store.get_many([spec.key, *spec.tags, *beside])
        if blobs is None:
            generation = self._generation(spec.tags, [None] * len(spec.tags))
            return Found(
                entry=None, generation=generation, beside=[None] * len(beside), answered=False
            )
        after_tags = 1 + len(spec.tags)
        generation = self._generation(spec.tags, blobs[1:after_tags])
        blob = blobs[0]
        entry = None if blob is None else self._decode(spec, blob)
        if entry is not None and not self._is_valid(entry, generation):
            entry = None
        return Found(entry=entry, generation=generation, beside=blobs[after_tags:], answered=True)

    async def keep(self, spec: ReadSpec[T], loaded: Loaded[T]) -> None:
        """Keep an answer, unless it may be from before an invalidation, or has no JSON form.

        Nor does it replace an answer that the cloud was asked for later: loads may overtake each
        other, and what was shown once must not be followed by something older.
        """
        found = await self.look(spec)
        if not found.answered or not self._is_current(loaded, found.generation):
            return
        if found.entry is not None and found.entry.began_at > loaded.began_at:
            return
        envelope = seal(spec, loaded, self._policy, found.generation.name)
        try:
            blob = encode(spec, envelope)
        except ValueError:
            self._metrics.count("cache.error", operation="encode", reason="no_json")
            return
        ttl_s = envelope.usable_until - envelope.stored_at + self._policy.stale_if_error_s
        if isinstance(loaded.value, Absent):
            ttl_s = self._policy.negative_s
        if ttl_s > 0:
            await self._store.put(spec.key, blob, min(ttl_s, self._policy.longest_life_s))

    async def generation(self, tags: Sequence[str]) -> Generation:
        """What the markers of `tags` say now; without the store's, if it does not answer."""
        await self._send_unsent()
        stored = await self._store.get_many(tags)
        return self._generation(tags, [None] * len(tags) if stored is None else stored)

    async def invalidate(self, tags: Iterable[str], settle_s: float) -> None:
        """Make all answers with one of `tags` misses, and keep none that begins within `settle_s`.

        If the store does not take it, this process acts on it alone and hands it in later.
        """
        marker = new_marker(self._clock() + settle_s)
        await asyncio.gather(*(self._mark(tag, marker) for tag in tags))

    async def _mark(self, tag: str, marker: bytes) -> None:
        if not await self._store.put(tag, marker, self._marker_life_s()):
            self._unsent.put(tag, marker, len(tag) + len(marker))

    def _generation(self, tags: Sequence[str], stored: Sequence[bytes | None]) -> Generation:
        if not len(self._unsent):
            return generation_of(stored)
        pairs = zip(tags, stored, strict=True)
        return generation_of([self._unsent.get(tag) or marker for tag, marker in pairs])

    async def _send_unsent(self) -> None:
        while (oldest := self._unsent.oldest()) is not None:
            tag, marker = oldest
            if not await self._store.put(tag, marker, self._marker_life_s()):
                return
            if self._unsent.get(tag) == marker:
                self._unsent.drop(tag)

    def _marker_life_s(self) -> float:
        return self._policy.longest_life_s + self._policy.clock_skew_s

    def _decode(self, spec: ReadSpec[T], blob: bytes) -> Envelope[T] | None:
        known = self._decoded.get(spec.key)
        if known is not None and known[0] == blob:
            return cast("Envelope[T]", known[1])  # a key belongs to one type
        envelope = decode(spec, blob)
        if envelope is None:
            self._metrics.count("cache.error", operation="decode", reason="rejected")
        else:
            self._decoded.put(spec.key, (blob, envelope), len(blob))
        return envelope

    def _is_valid(self, entry: Envelope[T], generation: Generation) -> bool:
        from_the_future = entry.stored_at > self._clock() + self._policy.clock_skew_s
        return entry.generation == generation.name and not from_the_future

    def _is_current(self, loaded: Loaded[T], now: Generation) -> bool:
        if loaded.generation is not None:
            # Replicas' clocks do not matter here, but for the length of the settle window.
            return loaded.generation.name == now.name and loaded.began_at >= now.settled_at
        if not now.name:
            return True
        return loaded.began_at > now.settled_at + self._policy.clock_skew_s


def seal(spec: ReadSpec[T], loaded: Loaded[T], policy: ReadPolicy, generation: str) -> Envelope[T]:
    """Put a loaded answer into an envelope, with the times that fit what it holds."""
    value = loaded.value
    if isinstance(value, Absent):
        lifetime = Lifetime(fresh_s=policy.negative_s, usable_s=policy.negative_s)
    else:
        lifetime = spec.lifetime(value)
    return Envelope(
        value=value,
        began_at=loaded.began_at,
        stored_at=loaded.ended_at,
        fresh_until=loaded.ended_at + lifetime.fresh_s,
        usable_until=loaded.ended_at + lifetime.usable_s,
        generation=generation,
    )
