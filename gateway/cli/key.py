"""`ota-gateway key`: makes an API key, and the lines that let it in."""

from datetime import datetime

from gateway.access.api_key import hash_text, mint_api_key
from gateway.domain.principal import Role
from gateway.settings.tenants import TENANT_NAME, TENANT_NAME_RULE


def new_key(
    key_id: str, *, tenant: str, role: Role, expires_at: datetime | None = None
) -> tuple[str, str]:
    """A fresh key, which nothing keeps, and its table for the settings, in TOML.

    `expires_at` is aware; None makes a key without an end.

    Raises:
        ValueError: `key_id` is no id, or `tenant` no name of a tenant.
    """
    if not TENANT_NAME.fullmatch(tenant):
        raise ValueError(TENANT_NAME_RULE)
    key = mint_api_key(key_id)
    lines = [
        f"[access.keys.{key_id}]",
        f'hash = "{hash_text(key)}"',
        f'tenant = "{tenant}"',
        f'role = "{role.value}"',
    ]
    if expires_at is not None:
        lines.append(f"expires_at = {expires_at.isoformat(timespec='seconds')}")
    return key, "\n".join(lines)
