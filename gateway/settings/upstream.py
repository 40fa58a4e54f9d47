"""How patient the gateway is with a cloud."""

from pydantic import Field

from gateway.settings.section import Seconds, Section


class UpstreamSettings(Section):
    """How patient the gateway is with a cloud."""

    attempt_timeout_s: Seconds = 3.0
    connect_timeout_s: Seconds = 1.0
    max_attempts: int = Field(default=3, ge=1, le=5)
    max_body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    max_concurrent: int = Field(default=64, ge=1)
