"""A configured backend at work."""

from dataclasses import dataclass

from gateway.cache.provider import CachedProvider
from gateway.domain.provider import WRITE_CAPABILITIES, Capability
from gateway.service.writing.operations import Writable
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
        writable: everything that can be written; None if the backend can only be read.
    """

    id: str
    title: str
    provider: str
    provider_title: str
    reads: CachedProvider
    upstream: Upstream
    writable: Writable | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be done here: what the cloud can do, without writes if it can only be read."""
        able = self.reads.capabilities
        return able if self.writable else able - WRITE_CAPABILITIES
