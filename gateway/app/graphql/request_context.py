"""The port to whoever makes the context that resolvers are handed."""

from typing import Protocol, TypeVar

from gateway.domain.call import CallContext
from gateway.domain.principal import Principal

ContextT = TypeVar("ContextT")
ContextT_co = TypeVar("ContextT_co", covariant=True)


class ContextFor(Protocol[ContextT_co]):
    """Makes the context of one operation."""

    def __call__(self, principal: Principal, call: CallContext) -> ContextT_co:
        """The context for `principal`; `call` holds the deadline, the priority and the request id.

        A new one for each operation, and for a subscription one for all of its events.
        """
        ...
