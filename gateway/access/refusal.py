"""Why credentials were refused: for the gateway's own log, never for the caller."""

from enum import StrEnum


class Reason(StrEnum):
    """What is wrong with credentials; a closed set, so that it can label a metric."""

    ABSENT = "absent"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    WRONG_KEY = "wrong_key"
    EXPIRED = "expired"
    UNTRUSTED_ALGORITHM = "untrusted_algorithm"
    WRONG_TYPE = "wrong_type"
    CRITICAL_EXTENSION = "critical_extension"
    UNKNOWN_SIGNER = "unknown_signer"
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    WRONG_SUBJECT = "wrong_subject"
    WRONG_TIMES = "wrong_times"
    NOT_YET_VALID = "not_yet_valid"
    LIVES_TOO_LONG = "lives_too_long"
    UNKNOWN_TENANT = "unknown_tenant"
    NO_ROLE = "no_role"


class RefusedError(Exception):
    """Credentials that let nobody in.

    The gate turns it into an `UnauthenticatedError`, whose text is the same for all reasons. It
    holds nothing of the credentials.
    """

    def __init__(self, reason: Reason) -> None:
        """Keep the `reason`."""
        super().__init__(reason.value)
        self.reason = reason
