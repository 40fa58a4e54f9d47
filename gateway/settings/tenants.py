"""Which backends each tenant sees."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from gateway.settings.section import Section

TENANT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
TENANT_NAME_RULE: Final = "a tenant's name is 1 to 32 of a-z, 0-9 and _, and begins with a letter"


class TenantSettings(Section):
    """One tenant: the names of the backends that it sees, and that a principal of it acts on."""

    backends: tuple[str, ...] = Field(min_length=1)


def _named(tenants: dict[str, TenantSettings]) -> dict[str, TenantSettings]:
    if not all(TENANT_NAME.fullmatch(name) for name in tenants):
        raise ValueError(TENANT_NAME_RULE)
    return tenants


Tenants = Annotated[dict[str, TenantSettings], AfterValidator(_named)]
"""Tenants by name. Without any there is one, `default`, which sees all backends."""


def tenant_problems(tenants: Mapping[str, TenantSettings], backends: frozenset[str]) -> list[str]:
    """What is wrong between tenants and backends, a line each."""
    problems = [
        f"tenants.{name}.backends: there is no backend {missing}"
        for name, tenant in tenants.items()
        for missing in sorted(set(tenant.backends) - backends)
    ]
    seen = {name for tenant in tenants.values() for name in tenant.backends}
    if tenants:
        problems += [
            f"backends.{name}: no tenant sees it; add it to tenants.<name>.backends"
            for name in sorted(backends - seen)
        ]
    return problems
