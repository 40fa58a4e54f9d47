"""The credential in an `Authorization` header."""

import re
from typing import Final

from gateway.access.refusal import Reason, RefusedError

MAX_CREDENTIAL_LENGTH: Final = 8 * 1024

_SCHEME: Final = "bearer"
_TOKEN68: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def bearer_credential(authorization: str | None) -> str:
    """What stands behind `Bearer` in the header's value; the scheme is read in any case.

    Source: RFC 6750 section 2.1, RFC 9110 section 11.4. A text of more than 8 kB is refused before
    anything looks into it.

    Raises:
        RefusedError: there is none, it is too long, or not of that form.
    """
    if authorization is None:
        raise RefusedError(Reason.ABSENT)
    if len(authorization) > MAX_CREDENTIAL_LENGTH + len(_SCHEME) + 1:
        raise RefusedError(Reason.TOO_LONG)
    scheme, _, credential = authorization.partition(" ")
    credential = credential.strip(" ")
    if scheme.lower() != _SCHEME or not _TOKEN68.fullmatch(credential):
        raise RefusedError(Reason.MALFORMED)
    return credential
