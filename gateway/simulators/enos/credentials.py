"""Whom the simulated cloud knows: one application of one organisation."""

import secrets
import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class EnosCredentials:
    """What a client must be given to call the simulator.

    Key and secret look like UUIDs, the organisation is `o` and digits, as on the vendor's pages.
    """

    app_key: str
    app_secret: str = field(repr=False)
    org_id: str


def generate_credentials() -> EnosCredentials:
    """Fresh, unguessable credentials for one run of the demo."""
    return EnosCredentials(
        app_key=str(uuid.uuid4()),
        app_secret=str(uuid.uuid4()),
        org_id=f"o{10**13 + secrets.randbelow(9 * 10**13)}",
    )
