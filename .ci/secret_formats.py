"""Secrets that detect-secrets does not know by itself; loaded by `secret-scan` as a plugin."""

import re
from collections.abc import Sequence
from typing import ClassVar

from detect_secrets.plugins.base import RegexBasedDetector


class OtaGatewayKeyDetector(RegexBasedDetector):
    """An API key of the gateway, see gateway/access/api_key.py."""

    secret_type = "OTA gateway API key"  # noqa: S105 - its name
    denylist: ClassVar[Sequence[re.Pattern[str]]] = (
        re.compile(r"otagw_[a-z][a-z0-9_]{0,31}_[0-9A-Za-z]{43}(?![0-9A-Za-z])"),
    )


class AlibabaKeyDetector(RegexBasedDetector):
    """The id of an Alibaba Cloud access key, permanent or temporary."""

    secret_type = "Alibaba Cloud access key"  # noqa: S105 - its name
    denylist: ClassVar[Sequence[re.Pattern[str]]] = (
        re.compile(r"(?<![0-9A-Za-z])(?:LTAI[0-9A-Za-z]{12,26}|STS\.[0-9A-Za-z]{20,})"),
    )
