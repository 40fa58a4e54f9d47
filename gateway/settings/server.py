"""Where the gateway listens, and what one request may take."""

from pydantic import Field

from gateway.settings.section import Seconds, Section


class ServerSettings(Section):
    """Where the gateway listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)


class RequestSettings(Section):
    """What one GraphQL request may take.

    `deadline_s` bounds the whole request, `patience_s` the wait for one backend of a merged list.
    `max_upstream_calls` is the highest price of a document, in upstream calls on a cold cache.
    """

    deadline_s: Seconds = 10.0
    patience_s: Seconds = 4.0
    max_upstream_calls: int = Field(default=300, ge=1)
