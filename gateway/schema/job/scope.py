"""Which devices a job upgrades."""

from collections.abc import Awaitable, Callable

import strawberry

from gateway.domain import scope as domain
from gateway.domain.scope import ScopeTargetKind
from gateway.schema.context import Info
from gateway.schema.job.target import ScopeTarget, to_target

IN_DETAIL = "Costs a call of its own where lists leave it out (Alibaba)."
"""For descriptions of what only a job's detail tells."""


@strawberry.type(description="Which devices a job upgrades: those that fit all of it.")
class UpgradeScope:
    known_target: strawberry.Private[domain.ScopeTarget | None]
    load: strawberry.Private[Callable[[Info], Awaitable[domain.UpgradeScope]]]

    @strawberry.field(
        description="Versions a device must have; empty for any. EnOS versionNumbers, Alibaba "
        f"SrcVersions. {IN_DETAIL}"
    )
    async def source_versions(self, info: Info) -> list[str] | None:
        return list((await self.load(info)).source_versions)

    @strawberry.field(
        description="Product that narrows the target where the firmware has none. EnOS "
        f"upgradeScope.productKey. {IN_DETAIL}"
    )
    async def product_key(self, info: Info) -> str | None:
        return (await self.load(info)).product_key

    @strawberry.field(
        description="Which devices it is aimed at. Costs a call of its own only where a list does "
        "not tell all of it: phased and group jobs of Alibaba."
    )
    async def target(self, info: Info) -> ScopeTarget | None:
        return to_target(await self._target(info))

    @strawberry.field(description="The kind of `target`. Costs a call where `target` does.")
    async def target_kind(self, info: Info) -> ScopeTargetKind | None:
        return ScopeTargetKind((await self._target(info)).kind)

    async def _target(self, info: Info) -> domain.ScopeTarget:
        return self.known_target or (await self.load(info)).target
