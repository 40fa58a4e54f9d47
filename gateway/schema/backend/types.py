"""The type Backend, its budget and its health."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from gateway.domain.device import Module
from gateway.domain.errors import NotFoundError
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.provider import Capability
from gateway.schema.arguments import MaxAge, accepted_age
from gateway.schema.context import Info
from gateway.schema.node import Node
from gateway.service import backend as service
from gateway.transport.breaker import BreakerState

_ProductKey = Annotated[
    str, strawberry.argument(description="Key of the product, as the cloud gave it.")
]


@strawberry.type(description="A firmware module that a product defines.")
class FirmwareModule:
    product_key: str = strawberry.field(description="Product it belongs to.")
    name: str = strawberry.field(description="Its name; `default` is the main firmware.")
    alias: str | None = strawberry.field(description="A name for people.")
    description: str | None = strawberry.field(description="What it is.")

    @classmethod
    def of(cls, module: Module) -> Self:
        return cls(
            product_key=module.product_key,
            name=module.name,
            alias=module.alias,
            description=module.description,
        )


@strawberry.type(description="How much of one cloud operation's rate is used just now.")
class OperationBudget:
    operation: str = strawberry.field(
        description="The cloud's name of the call, such as QueryOTAJob."
    )
    limit_per_second: float | None = strawberry.field(
        description="Calls a second that this gateway allows itself; less than documented for a "
        "while after the cloud has throttled; null for no limit."
    )
    documented_per_second: float | None = strawberry.field(
        description="Calls a second that the cloud documents, or our own protective default; null "
        "for no limit."
    )
    in_use: int = strawberry.field(description="Calls sent within the last second.")
    waiting: int = strawberry.field(description="Calls standing in the queue.")
    throttled: int = strawberry.field(
        description="Calls the cloud has refused as too many since the gateway started."
    )


@strawberry.type(description="State of one circuit breaker of a backend.")
class BackendBreaker:
    operation_class: str = strawberry.field(
        description="Group of operations that fail and recover together, such as `read`."
    )
    state: BreakerState = strawberry.field(description="Whether calls go through.")


@strawberry.type(description="How a backend has been answering.")
class BackendHealth:
    breakers: list[BackendBreaker] = strawberry.field(description="Its circuit breakers.")
    last_success_at: datetime | None = strawberry.field(
        description="Last good answer; null if there was none yet."
    )
    last_error_at: datetime | None = strawberry.field(
        description="Last failure; null if there was none yet."
    )
    last_error_code: str | None = strawberry.field(
        description="Code of the last failure, such as PROVIDER_TIMEOUT; null if there was none."
    )


@strawberry.type(
    description=(
        "One configured account of one cloud: an EnOS organisation, or an Alibaba Cloud account "
        "with its region and instance."
    )
)
class Backend(Node):
    backend: strawberry.Private[service.Backend]

    @strawberry.field(description="The operator's short name for it; filters take this.")
    def name(self) -> str:
        return self.backend.id

    @strawberry.field(description="Its name for people.")
    def title(self) -> str:
        return self.backend.title

    @strawberry.field(
        description="Key of the cloud, such as `enos` or `alibaba`. An open set: more may come."
    )
    def provider(self) -> str:
        return self.backend.provider

    @strawberry.field(description="Name of the cloud for people.")
    def provider_title(self) -> str:
        return self.backend.provider_title

    @strawberry.field(description="What it can do beyond the reads that all backends have.")
    def capabilities(self) -> list[Capability]:
        return sorted(self.backend.capabilities)

    @strawberry.field(
        description="The rates of its operations, and how much of them is used. Costs no call."
    )
    async def budget(self) -> list[OperationBudget]:
        return [
            OperationBudget(
                operation=report.operation,
                limit_per_second=report.effective_per_second,
                documented_per_second=report.limit_per_second,
                in_use=report.in_use,
                waiting=report.waiting,
                throttled=report.throttled,
            )
            for report in self.backend.upstream.budget_report()
        ]

    @strawberry.field(description="How it has been answering. Costs no call.")
    def health(self) -> BackendHealth:
        health = self.backend.upstream.health()
        return BackendHealth(
            breakers=[
                BackendBreaker(operation_class=name, state=state)
                for name, state in sorted(health.breakers.items())
            ],
            last_success_at=health.last_success_at,
            last_error_at=health.last_error_at,
            last_error_code=health.last_error_code,
        )

    @strawberry.field(
        description=(
            "Firmware modules of a product; null if there is no such product, or the cloud cannot "
            "list them: see the capability LIST_MODULES. Alibaba ListOTAModuleByProduct."
        )
    )
    async def modules(
        self, info: Info, product_key: _ProductKey, max_age_seconds: MaxAge = None
    ) -> list[FirmwareModule] | None:
        age = accepted_age(max_age_seconds)
        if Capability.LIST_MODULES not in self.backend.capabilities:
            return None
        try:
            found = await info.context.fleet.modules(self.backend.id, product_key, max_age_s=age)
        except NotFoundError:
            return None
        return [FirmwareModule.of(module) for module in found.value]

    @strawberry.field(
        description=(
            "Firmware versions that devices of a product report now; null if there is no such "
            "product, or the cloud cannot list them: see the capability LIST_REPORTED_VERSIONS. "
            "EnOS listVersion."
        )
    )
    async def reported_versions(
        self, info: Info, product_key: _ProductKey, max_age_seconds: MaxAge = None
    ) -> list[str] | None:
        fleet, age = info.context.fleet, accepted_age(max_age_seconds)
        if Capability.LIST_REPORTED_VERSIONS not in self.backend.capabilities:
            return None
        try:
            found = await fleet.reported_versions(self.backend.id, product_key, max_age_s=age)
        except NotFoundError:
            return None
        return list(found.value)

    @classmethod
    def of(cls, backend: service.Backend) -> Self:
        identity = GlobalId(kind=NodeKind.BACKEND, backend=backend.id)
        return cls(id=strawberry.ID(str(identity)), backend=backend)
