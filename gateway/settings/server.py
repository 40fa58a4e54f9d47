"""Where the gateway listens, and what one request may take."""

from typing import Final

from pydantic import Field

from gateway.settings.section import Seconds, Section
from gateway.settings.stores import CacheSettings

MOST_WORKERS: Final = 64


class ServerSettings(Section):
    """Where the gateway listens, in how many processes, and how it stops.

    More than one of `workers` share the port, and everything else as replicas do.

    Told to stop, it says for `drain_s` that it is not ready, and goes on answering: so long may a
    load balancer take to send its requests elsewhere. Without `explorer` browsers get no page.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    workers: int = Field(default=1, ge=1, le=MOST_WORKERS)
    drain_s: float = Field(default=0.0, ge=0, le=300)
    explorer: bool = True


def worker_problems(server: ServerSettings, cache: CacheSettings) -> list[str]:
    """What several workers lack, one line each. Any journal will do: none is in memory."""
    if server.workers == 1 or cache.url is not None:
        return []
    problem = (
        "server.workers: several workers need cache.url, a Redis or Valkey with the one cache and "
        "the one budget of upstream calls that they share"
    )
    return [problem]


class RequestSettings(Section):
    """What one GraphQL request may take.

    `deadline_s` bounds the whole request, `patience_s` the wait for one backend of a merged list.
    `max_upstream_calls` is the highest price of a document, in upstream calls on a cold cache.
    """

    deadline_s: Seconds = 10.0
    patience_s: Seconds = 4.0
    max_upstream_calls: int = Field(default=300, ge=1)
