"""What the transports of the endpoint share."""

from dataclasses import dataclass
from typing import Generic

from gateway.app.graphql.executor import PreparedT
from gateway.app.graphql.gatekeeper import Gatekeeper
from gateway.app.graphql.limits import Limits
from gateway.app.graphql.replies import Refused
from gateway.app.graphql.request_context import ContextT
from gateway.app.graphql.runner import Runner
from gateway.app.graphql.streams import OpenStreams
from gateway.app.observability.request_log import RequestLog
from gateway.domain.errors import (
    SignInUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from gateway.domain.principal import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(Generic[PreparedT, ContextT]):
    """What every request goes through, whichever way it comes.

    `origins` are those whose pages may open WebSockets, beside the gateway's own.
    """

    runner: Runner[PreparedT, ContextT]
    gatekeeper: Gatekeeper
    streams: OpenStreams
    limits: Limits
    requests: RequestLog
    origins: frozenset[str]

    async def admit(self, authorization: str | None) -> Principal:
        """Who asks.

        Raises:
            Refused: nobody who may come in, or not now.
        """
        try:
            return await self.gatekeeper.admit(authorization)
        except (UnauthenticatedError, TooManyRequestsError, SignInUnavailableError) as error:
            raise Refused.at_the_gate(error) from None
