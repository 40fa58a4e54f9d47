"""What is sent along with a call: JSON, or a form with a file in it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.providers.enos.auth import json_bytes

_JSON: Final = "application/json;charset=UTF-8"
_LINE: Final = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The bytes of a body, its media type, and whether they are part of the signature."""

    content: bytes
    media_type: str
    signed: bool


def json_payload(value: Mapping[str, object]) -> Payload:
    """A JSON body; it is signed byte for byte."""
    return Payload(content=json_bytes(value), media_type=_JSON, signed=True)


def form_payload(*, metadata: Mapping[str, object], file_name: str, content: bytes) -> Payload:
    """A `multipart/form-data` body of the parts `metadata` (JSON) and `file`; it is not signed.

    `file_name` must be free of quotes, backslashes and control characters. The boundary is a hash
    of what it parts, which therefore cannot hold it. Sources: Connection API V2.1, Create Firmware;
    RFC 7578.
    """
    description = json_bytes(metadata)
    boundary = hashlib.sha256(description + content).hexdigest().encode()
    name = file_name.encode()
    lines = (
        b"--" + boundary,
        b'Content-Disposition: form-data; name="metadata"',
        b"Content-Type: " + _JSON.encode(),
        b"",
        description,
        b"--" + boundary,
        b'Content-Disposition: form-data; name="file"; filename="' + name + b'"',
        b"Content-Type: application/octet-stream",
        b"",
        content,
        b"--" + boundary + b"--",
        b"",
    )
    return Payload(
        content=_LINE.join(lines),
        media_type=f"multipart/form-data; boundary={boundary.decode()}",
        signed=False,
    )
