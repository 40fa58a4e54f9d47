"""Faults of the gateway: logged whole, shown as an id."""

import logging
import secrets

from gateway.domain.errors import InternalError

_log = logging.getLogger("gateway.incident")


def report_incident(error: BaseException) -> InternalError:
    """Log `error` with its traceback under a new id, and return what a caller may be shown."""
    incident = secrets.token_hex(6)
    _log.error(
        "gateway.incident",
        extra={"incident": incident, "kind": type(error).__name__},
        exc_info=(type(error), error, error.__traceback__),
    )
    return InternalError(incident)
