"""What can go wrong on the way to a backend, told in the words of the domain: the one translation.

httpx exceptions carry the request, and with it signatures and tokens; exceptions of a parser carry
the body. Messages here are therefore our own, and httpx exceptions are not kept as the cause.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import httpx

from gateway.domain.errors import (
    BudgetExhaustedError,
    GatewayError,
    ProviderContractError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.transport.request import Reply
from gateway.transport.retry_after import retry_after_s

_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500
_REDIRECT: Final = range(300, 400)


class NeverSentError(ProviderUnavailableError):
    """No connection came about, so that the call was not executed: even a write may be repeated."""

    never_sent = True


@contextmanager
def sending_errors() -> Iterator[None]:
    """Turn failures of sending a request and receiving its reply into domain errors."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout):
        message = "The backend cannot be reached."
        raise NeverSentError(message) from None
    except httpx.PoolTimeout:
        # Our own doing: the backend has not even been asked.
        message = "Too many calls to this backend are under way."
        raise BudgetExhaustedError(message, retry_after_s=1.0) from None
    except (httpx.TimeoutException, TimeoutError):
        message = "The backend did not answer in time."
        raise ProviderTimeoutError(message) from None
    except (httpx.NetworkError, httpx.RemoteProtocolError):
        message = "The connection to the backend broke before the answer was complete."
        raise ProviderUnavailableError(message) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
        message = "The exchange with the backend failed on the level of HTTP."
        raise ProviderContractError(message) from None


@contextmanager
def reading_errors(reply: Reply, *, now: datetime) -> Iterator[None]:
    """Turn what reading `reply` raised into domain errors.

    Domain errors pass. Anything else means that the reply has not the documented shape; what was
    raised is kept as the cause. A reply that is unreadable but whose status speaks for itself (429,
    5xx: mostly a page of some load balancer) counts as what the status says. A redirect is never
    followed and never read. `now` (aware) is what a date in `Retry-After` is taken from.
    """
    if reply.status in _REDIRECT:
        message = f"The backend answered with a redirect (HTTP {reply.status}); none is followed."
        raise ProviderContractError(message)
    try:
        yield
    except ProviderContractError as error:
        if reply.status < _SERVER_ERROR and reply.status != _TOO_MANY_REQUESTS:
            raise
        raise _by_status(reply, now) from error
    except GatewayError:
        raise
    except Exception as error:
        raise _by_status(reply, now) from error


def root_cause(error: BaseException) -> str:
    """Name of the exception class that `error` goes back to, its own if to none.

    Tells a refused connection from a bad certificate without a word of the exception's text.
    """
    while (earlier := error.__cause__ or error.__context__) is not None:
        error = earlier
    return type(error).__name__


def _by_status(reply: Reply, now: datetime) -> ProviderError:
    wait_s = retry_after_s(reply.headers.get("retry-after"), now=now)
    if reply.status == _TOO_MANY_REQUESTS:
        message = "The backend throttled the call (HTTP 429)."
        return ProviderRateLimitedError(message, retry_after_s=wait_s)
    if reply.status >= _SERVER_ERROR:
        message = f"The backend failed (HTTP {reply.status})."
        return ProviderUnavailableError(message, retry_after_s=wait_s)
    return ProviderContractError("The backend's answer has not the documented shape.")
