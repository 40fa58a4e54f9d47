"""Upload of a file to the cloud's object storage, by the form that the storage calls PostObject.

GenerateOTAUploadURL gives the permission: the form's fields, valid for one minute, and the host.
Source: GenerateOTAUploadURL, response table; Object Storage Service, PostObject.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import urlsplit

from gateway.domain.errors import (
    ProviderContractError,
    ProviderRejectedError,
    ProviderUnavailableError,
)
from gateway.providers.alibaba.wire import UploadInfo
from gateway.transport.endpoint import checked_endpoint
from gateway.transport.request import Reply, Request

_PATH: Final = re.compile(r"[A-Za-z0-9/._~-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPermission:
    """What one upload needs. Policy and signature are secret, for as long as they are valid.

    `host` is scheme and host of the storage and `path` where it takes forms, mostly `/`. `file_url`
    is the file's address, which CreateOTAFirmware wants; it holds no secret.
    """

    host: str
    path: str
    key: str
    access_key_id: str = field(repr=False)
    policy: str = field(repr=False)
    signature: str = field(repr=False)
    file_url: str

    @classmethod
    def of(cls, info: UploadInfo, *, endpoint: str) -> Self:
        """Read the cloud's answer.

        Raises:
            ProviderContractError: the host is no address to send a file to. Plain HTTP is for
                clouds that are spoken to in plain HTTP themselves.
        """
        named = info.host if "://" in info.host else f"https://{info.host}"
        plain = endpoint.startswith("http://")
        try:
            parts = urlsplit(named)
            host = checked_endpoint(f"{parts.scheme}://{parts.netloc}", allow_plain_http=plain)
        except ValueError:
            message = "The cloud names no address to send the file to."
            raise ProviderContractError(message) from None
        if host.startswith("http://") and not plain:
            message = "The cloud asks for an upload without encryption."
            raise ProviderContractError(message)
        if not _PATH.fullmatch(parts.path) or parts.query or parts.fragment:
            message = "The cloud names an address for the upload that no form is sent to."
            raise ProviderContractError(message)
        return cls(
            host=host,
            path=parts.path or "/",
            key=info.key,
            access_key_id=info.access_key_id,
            policy=info.policy,
            signature=info.signature,
            file_url=info.firmware_url,
        )

    def form(self) -> dict[str, str]:
        """The fields of the form that the storage checks."""
        return {
            "key": self.key,
            "OSSAccessKeyId": self.access_key_id,
            "policy": self.policy,
            "Signature": self.signature,
        }


def upload_request(
    path: str, fields: Mapping[str, str], content: bytes, *, boundary: str
) -> Request:
    """The form with these fields and the file last, as the storage wants it.

    `boundary` occurs nowhere in `content`; 128 random bits see to that.
    Source: RFC 7578.
    """
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="file"; filename="file"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return Request(
        method="POST",
        path=path,
        headers={"content-type": f"multipart/form-data; boundary={boundary}"},
        content="".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode(),
    )


def read_upload(reply: Reply) -> None:
    """Check the storage's answer, which says all by its status.

    Raises:
        ProviderUnavailableError: the storage failed.
        ProviderRejectedError: it refuses the file, or the permission has expired.
    """
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        message = f"The cloud's file storage failed (HTTP {reply.status})."
        raise ProviderUnavailableError(message)
    message = (
        f"The cloud's file storage refuses the file (HTTP {reply.status}); the permission to "
        "upload holds for one minute."
    )
    raise ProviderRejectedError(message)
