"""The documented error codes, as three exceptions: one per place that answers with them.

```
EnosError
├── TokenError      the token service      {"status", "msg", "business", "data"}
├── GateError       the API gateway, before the business service sees a call
└── BusinessError   the connection service {"code", "msg", "requestId", "data"}
```

The vendor publishes the codes; the message texts of the token codes are not documented.
"""

from enum import IntEnum
from typing import Final

SUCCESS: Final = 0


class TokenCode(IntEnum):
    """Codes of the token service and of the API gateway (contract 1.7)."""

    REPEATED = 1001
    UNKNOWN_KEY = 1002
    WRONG_DIGEST = 1003
    INVALID = 1004
    EMPTY = 1202
    EXPIRED = 1203
    REFRESH_FAILED = 1204


class BusinessCode(IntEnum):
    """Codes of the connection service (contract 2.5 and 3)."""

    NOT_FOUND = 24404
    VERSION_EXISTS = 24601
    NAME_EXISTS = 24602
    CONCURRENT_CREATION = 24603
    FIRMWARE_IN_USE = 24604
    NOT_VERIFIED = 24610
    TOTAL_VERIFICATION = 24611
    TOO_MANY_DEVICES = 24612
    HAS_STARTED = 24615
    HAS_STOPPED = 24616
    NOT_RUNNING = 24617
    STILL_RUNNING = 24618
    NOT_CANCELABLE = 24620
    NOT_RETRYABLE = 24621
    BAD_PARAMETER = 99400
    DENIED = 99403
    NO_SUCH_OBJECT = 99404


_TOKEN_MESSAGES: Final = {
    TokenCode.REPEATED: "Repeated request",
    TokenCode.UNKNOWN_KEY: "appKey does not exist",
    TokenCode.WRONG_DIGEST: "encryption is invalid",
    TokenCode.INVALID: "invalid parameter",
    TokenCode.EMPTY: "parameter is empty",
    TokenCode.EXPIRED: "access token expired",
    TokenCode.REFRESH_FAILED: "failed to refresh access token",
}


_BUSINESS_MESSAGES: Final = {
    BusinessCode.VERSION_EXISTS: "Firmware version already exists",
    BusinessCode.NAME_EXISTS: "Firmware name already exists",
    BusinessCode.CONCURRENT_CREATION: "Not allowed to create firmware concurrently",
    BusinessCode.FIRMWARE_IN_USE: "Firmware cannot be deleted",
    BusinessCode.NOT_VERIFIED: (
        "Not allowed to create job as firmware is not verified"
        " while enable verification is switched on"
    ),
    BusinessCode.TOTAL_VERIFICATION: (
        "upgradeScope type total is not allowed for verification task"
    ),
    BusinessCode.HAS_STARTED: "Job has started",
    BusinessCode.HAS_STOPPED: "Job has stopped",
    BusinessCode.NOT_RUNNING: "Job not running",
    BusinessCode.STILL_RUNNING: "Not allowed to delete running job",
    BusinessCode.NOT_CANCELABLE: "Only init or published tasks can be canceled",
    BusinessCode.NOT_RETRYABLE: "Only failed tasks can be retried",
}
"""The vendor's texts; codes whose text depends on the call are not here."""


class EnosError(Exception):
    """A call the cloud answers with an error envelope."""

    def __init__(self, code: int, message: str) -> None:
        """Keep both parts for the envelope."""
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


class TokenError(EnosError):
    """The token service says no."""

    def __init__(self, code: TokenCode) -> None:
        """Refuse with `code` and the text that goes with it."""
        super().__init__(code, _TOKEN_MESSAGES[code])


class GateError(EnosError):
    """The API gateway turns a signed call away."""

    def __init__(self, code: TokenCode, message: str | None = None) -> None:
        """Refuse with `code`; `message` replaces the text of the token service."""
        super().__init__(code, message or _TOKEN_MESSAGES[code])


class BusinessError(EnosError):
    """The connection service says no."""


def bad_parameter(*, name: str, problem: str) -> BusinessError:
    """99400, worded like the vendor's sample `Invalid Argument action:action is missing`."""
    return BusinessError(BusinessCode.BAD_PARAMETER, f"Invalid Argument {name}:{problem}")


def job_not_found() -> BusinessError:
    """24404 for an unknown job id."""
    return BusinessError(BusinessCode.NOT_FOUND, "Job not found")


def firmware_not_found() -> BusinessError:
    """24404 for an unknown firmware id."""
    return BusinessError(BusinessCode.NOT_FOUND, "Firmware not found")


def refused(code: BusinessCode) -> BusinessError:
    """The refusal of a write, in the vendor's words.

    Raises:
        KeyError: the text of this code depends on the call.
    """
    return BusinessError(code, _BUSINESS_MESSAGES[code])


def too_many_devices(most: int) -> BusinessError:
    """24612: a verification job of more devices than the firmware allows."""
    message = f"Exceeded max verification deviceKeys, max[{most}]"
    return BusinessError(BusinessCode.TOO_MANY_DEVICES, message)
