"""How old an answer is and where it came from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


class FreshnessSource(StrEnum):
    """Where an answer came from."""

    LIVE = "LIVE"  # asked of the cloud for this request, or for one that ran at the same time
    CACHE = "CACHE"  # kept from before, and still within its time to live
    STALE = "STALE"  # kept from before, past its time to live
    UNKNOWN = "UNKNOWN"  # never made; keeps a default branch in typed clients


_WORST_LAST = (FreshnessSource.LIVE, FreshnessSource.CACHE, FreshnessSource.STALE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """When the cloud said it (`as_of`, aware UTC) and how it reached us."""

    as_of: datetime
    source: FreshnessSource

    def age_s(self, now: datetime) -> float:
        """Seconds between `as_of` and `now`, never negative."""
        return max(0.0, (now - self.as_of).total_seconds())

    @classmethod
    def oldest(cls, parts: Iterable["Freshness"]) -> "Freshness | None":
        """Freshness of something put together from `parts`: the oldest and the worst of them.

        None if there are no parts.
        """
        known = list(parts)
        if not known:
            return None
        return cls(
            as_of=min(part.as_of for part in known),
            source=max((part.source for part in known), key=_WORST_LAST.index),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced(Generic[T_co]):
    """A value together with its freshness."""

    value: T_co
    freshness: Freshness
