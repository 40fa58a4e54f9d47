"""What one request, one socket, and all of them together may take of the gateway."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from gateway.settings.section import Seconds, Section

_ORIGIN: Final = re.compile(r"https?://[a-z0-9.\-\[\]:]+")


def _checked_origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        message = "must be an origin, as https://console.example.com"
        raise ValueError(message)
    return text


class LimitSettings(Section):
    """Bounds of what is let in before a document is looked at.

    Bodies and WebSocket messages may have `max_body_bytes`, and take `body_timeout_s` to arrive;
    JSON may be `max_json_depth` deep and have about `max_json_values` values. `max_in_flight`
    queries and mutations run at one time; more are turned away with 503.
    """

    max_body_bytes: int = Field(default=1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    body_timeout_s: Seconds = 10.0
    max_json_depth: int = Field(default=64, ge=8, le=256)
    max_json_values: int = Field(default=20_000, ge=100, le=1_000_000)
    max_header_bytes: int = Field(default=32 * 1024, ge=4096, le=256 * 1024)
    max_in_flight: int = Field(default=256, ge=1)


class SocketSettings(Section):
    """Bounds of WebSockets and event streams.

    `origins` are those whose pages may open WebSockets, beside the gateway's own. `max_open` of
    them are open at one time, `max_open_each` for one principal; on one socket `max_operations` run
    at one time. A socket has `init_timeout_s` to say who it is, and a client that leaves what it is
    sent unread for `stall_timeout_s` is cut off.
    """

    origins: tuple[Annotated[str, AfterValidator(_checked_origin)], ...] = ()
    max_open: int = Field(default=10_000, ge=1)
    max_open_each: int = Field(default=100, ge=1)
    max_operations: int = Field(default=20, ge=1)
    init_timeout_s: Seconds = 5.0
    stall_timeout_s: Seconds = 30.0
    heartbeat_s: Seconds = 12.0
