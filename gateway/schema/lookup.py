"""Inputs that name one object, and what they resolve to."""

import strawberry

from gateway.domain.device import DeviceRef
from gateway.domain.errors import InvalidRequestError
from gateway.domain.ids import NodeKind
from gateway.schema.choice import check_backends
from gateway.schema.global_id import global_id
from gateway.service.fleet import Fleet

_ID = ("by", "id")
_BACKEND = ("by", "native", "backend")


@strawberry.input(description="A backend and the id that its cloud gave the object.")
class NativeId:
    backend: str = strawberry.field(description="`name` of the backend.")
    native_id: str = strawberry.field(description="The cloud's own id of the object.")


@strawberry.input(
    one_of=True, description="Names one object: by global id, or by backend and native id."
)
class ObjectBy:
    id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="Its global id, as the gateway returned it."
    )
    native: strawberry.Maybe[NativeId] = strawberry.field(
        description="Its backend and the cloud's own id."
    )

    def resolve(self, fleet: Fleet, kind: NodeKind) -> tuple[str, str]:
        """Backend and native id of the object, which is one of `kind` with a single-part key."""
        if self.id is not None:
            found = global_id(self.id.value, kind, argument=_ID)
            return found.backend, found.key[0]
        if self.native is not None:
            native = self.native.value
            check_backends(fleet, [native.backend], argument=_BACKEND)
            return native.backend, native.native_id
        raise _neither()


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

    def resolve(self, fleet: Fleet) -> tuple[str, DeviceRef]:
        """Backend and names of the device."""
        if self.id is not None:
            found = global_id(self.id.value, NodeKind.DEVICE, argument=_ID)
            return found.backend, DeviceRef(product_key=found.key[0], name=found.key[1])
        if self.native is not None:
            native = self.native.value
            check_backends(fleet, [native.backend], argument=_BACKEND)
            return native.backend, DeviceRef(product_key=native.product_key, name=native.name)
        raise _neither()


def _neither() -> InvalidRequestError:
    return InvalidRequestError("give either `id` or `native`", path=("by",))
