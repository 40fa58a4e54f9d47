"""Who asks: the principal behind a request, its tenant, and what its role allows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from gateway.domain.errors import ForbiddenError


class Role(StrEnum):
    """What a principal may do; each role may do all that those before it may."""

    READ = "read"
    OPERATE = "operate"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Tell whether whoever has this role may do what `other` may."""
        return _RANK[self] >= _RANK[other]


_RANK: Final = {role: rank for rank, role in enumerate(Role)}

DEFAULT_TENANT: Final = "default"
"""Whose everything is as long as no tenants are set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """One caller, known by its credentials.

    Attributes:
        id: who it is, for the journal and the log: `key:<id>`, `jwt:<subject>`, or `anonymous`.
        tenant: whose backends it sees, and whose operations and idempotency keys are its own.
        role: what it may do.
        expires_at: when its credentials end, aware UTC; None if they do not.
    """

    id: str
    tenant: str
    role: Role
    expires_at: datetime | None = None

    @classmethod
    def anonymous(cls) -> Self:
        """Whoever asks a gateway that nobody signs in to; may do everything."""
        return cls(id="anonymous", tenant=DEFAULT_TENANT, role=Role.ADMIN)

    def require(self, role: Role) -> None:
        """Let this principal pass if its role includes `role`.

        Raises:
            ForbiddenError: it does not.
        """
        if not self.role.includes(role):
            message = f"this needs the role `{role}`; your credentials have the role `{self.role}`"
            raise ForbiddenError(message)
