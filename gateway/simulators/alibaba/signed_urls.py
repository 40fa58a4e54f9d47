"""Expiring download links, signed in their query: secrets that no client may pass on."""

import base64
import hashlib
from urllib.parse import urlencode

_BUCKET = "https://ota-example.oss-cn-shanghai.aliyuncs.com"
_VALID_S = 3_600


def signed_url(firmware_id: str, file_name: str, now_s: float) -> str:
    """A link to one file of a package, valid for an hour from now on.

    Its signature is only shaped like one; there is no store behind it.
    """
    folder = hashlib.sha256(firmware_id.encode()).hexdigest()[:32]
    path = f"/ota/{folder}/{file_name}"
    expires_s = int(now_s) + _VALID_S
    digest = hashlib.sha1(f"{path}?{expires_s}".encode(), usedforsecurity=False).digest()
    query = urlencode(
        {
            "Expires": expires_s,
            "OSSAccessKeyId": "exampleOssAccessKeyId",
            "Signature": base64.b64encode(digest).decode(),
        }
    )
    return f"{_BUCKET}{path}?{query}"
