"""What the gateway shows of itself, and to whom."""

from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr, field_validator

from gateway.settings.section import Section
from gateway.transport.endpoint import checked_endpoint

_SHORTEST_TOKEN: Final = 16


class ObservabilitySettings(Section):
    """Logs, metrics and traces.

    `log_level` is the least level of the gateway's own lines; a request is logged at `info`, a call
    to a cloud that went well at `debug`. `/metrics` answers this machine, whoever sends
    `metrics_token` or the credentials of an admin as a bearer token, and with `public_metrics`
    everybody. A metric has at most `max_series` label sets.

    With `traces`, spans go to the OpenTelemetry collector at `traces_endpoint`, or where
    OpenTelemetry's own environment variables say; of the traces that begin here, the share
    `traces_ratio`. That needs the extra `otel`.
    """

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    public_metrics: bool = False
    metrics_token: SecretStr | None = None
    max_series: int = Field(default=2_000, ge=10, le=100_000)
    traces: bool = False
    traces_endpoint: str | None = None
    traces_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0

    @field_validator("traces_endpoint")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        """Take `scheme://host:port/path`; in a cluster collectors speak plain HTTP."""
        if address is None:
            return None
        scheme, _, place = address.partition("://")
        host, slash, path = place.partition("/")
        if set("?#") & set(path):
            message = "must end after the path"
            raise ValueError(message)
        return checked_endpoint(f"{scheme}://{host}", allow_plain_http=True) + slash + path

    @field_validator("metrics_token")
    @classmethod
    def _is_long_enough(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < _SHORTEST_TOKEN:
            message = f"must have at least {_SHORTEST_TOKEN} characters"
            raise ValueError(message)
        return token
