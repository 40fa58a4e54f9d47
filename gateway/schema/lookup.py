"""Inputs that name one object, and what they resolve to."""

from typing import Annotated

import strawberry

from gateway.domain.errors import InvalidRequestError
from gateway.domain.ids import GlobalId, NodeKind


@strawberry.input(description="A backend and the id that its cloud gave the object.")
class NativeId:
    backend: str = strawberry.field(description="`name` of the backend.")
    native_id: str = strawberry.field(description="The cloud's own id of the object.")


@strawberry.input(
    one_of=True, description="Names one object: by global id, or by backend and native id."
)
class ObjectBy:
    id: strawberry.Maybe[
        Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ] = strawberry.field(description="Its global id, as the gateway returned it.")
    native: strawberry.Maybe[NativeId] = strawberry.field(
        description="Its backend and the cloud's own id."
    )

    def resolve(self, kind: NodeKind) -> tuple[str, str]:
        """Backend and native id of the object of `kind`."""
        if self.id is not None:
            found = GlobalId.parse(self.id.value).expect(kind)
            return found.backend, found.key[0]
        if self.native is not None:
            return self.native.value.backend, self.native.value.native_id
        message = "give either `id` or `native`"
        raise InvalidRequestError(message, path=("by",))


@strawberry.input(description="A device by backend, product and name.")
class NativeDevice:
    backend: str = strawberry.field(description="`name` of the backend.")
    product_key: str = strawberry.field(description="Key of its product.")
    name: str = strawberry.field(description="EnOS deviceKey, Alibaba DeviceName.")


@strawberry.input(one_of=True, description="Names one device.")
class DeviceBy:
    id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="Its global id, as the gateway returned it."
    )
    native: strawberry.Maybe[NativeDevice] = strawberry.field(
        description="Its backend, product and name."
    )
