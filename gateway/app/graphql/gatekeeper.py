"""The port to whoever knows who may ask; `gateway.access` holds those who do."""

from typing import Protocol

from gateway.domain.principal import Principal


class Gatekeeper(Protocol):
    """Tells who asks. Called before anything of a request's body is read."""

    async def admit(self, authorization: str | None) -> Principal:
        """Who sends this Authorization header; None if there is none.

        Asked again for each operation of a WebSocket, so that its principal is held to the same
        rate as over HTTP.

        Raises:
            UnauthenticatedError: there are no credentials, or they are wrong.
            SignInUnavailableError: they cannot be checked now.
            TooManyRequestsError: this principal asks too often.
        """
        ...
