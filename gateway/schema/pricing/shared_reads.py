"""Fields that come together: the first one selected pays for all."""

from collections.abc import Mapping
from typing import Final

SHARED_READS: Final[Mapping[str, tuple[frozenset[str], int]]] = {
    "OtaJob": (
        frozenset(
            {
                "description",
                "timeoutSeconds",
                "retryPolicy",
                "schedule",
                "pace",
                "overwriteMode",
                "rawOverwriteMode",
                "membershipMode",
                "rawMembershipMode",
                "downloadProtocol",
                "rawDownloadProtocol",
                "confirmationRequired",
                "pushEnabled",
                "deviceRequestEnabled",
                "multiModule",
                "raw",
                "detailFreshness",
                "scope",
            }
        ),
        1,
    ),
    "Firmware": (frozenset({"files", "deviceInfo", "verificationProgressPercent", "raw"}), 1),
    "Device": (frozenset({"nativeId", "version", "modules", "upgrading", "freshness"}), 2),
}
"""By type, fields that one read of the object answers together, and the calls of that read."""
