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
    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Its global id, as the gateway returned it."
    )
    native: NativeId | None = strawberry.field(
        default=strawberry.UNSET, description="Its backend and the cloud's own id."
    )

    def resolve(self, fleet: Fleet, kind: NodeKind) -> tuple[str, str]:
        """Backend and native id of the object, which is one of `kind` with a single-part key."""
        if isinstance(self.id, str):
            found = global_id(self.id, kind, argument=_ID)
            return found.backend, found.key[0]
        if isinstance(self.native, NativeId):
            native = self.native
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
    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Its global id, as the gateway returned it."
    )
    native: NativeDevice | None = strawberry.field(
        default=strawberry.UNSET, description="Its backend, product and name."
    )

    def resolve(self, fleet: Fleet) -> tuple[str, DeviceRef]:
        """Backend and names of the device."""
        if isinstance(self.id, str):
            found = global_id(self.id, NodeKind.DEVICE, argument=_ID)
            return found.backend, DeviceRef(product_key=found.key[0], name=found.key[1])
        if isinstance(self.native, NativeDevice):
            native = self.native
            check_backends(fleet, [native.backend], argument=_BACKEND)
            return native.backend, DeviceRef(product_key=native.product_key, name=native.name)
        raise _neither()


def _neither() -> InvalidRequestError:
    return InvalidRequestError("give either `id` or `native`", path=("by",))
