"""A configured backend at work."""

from dataclasses import dataclass

from gateway.cache.provider import CachedProvider
from gateway.transport.client import Upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One account of one cloud.

    Attributes:
        id: the operator's short name for it, part of every global id.
        title: its name for people.
        provider: key of the cloud (`enos`).
        provider_title: name of the cloud for people.
        reads: everything that can be read, through the cache.
        upstream: the way to the cloud; tells its health and its budget.
    """

    id: str
    title: str
    provider: str
    provider_title: str
    reads: CachedProvider
    upstream: Upstream
