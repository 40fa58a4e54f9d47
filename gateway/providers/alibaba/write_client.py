"""The cloud's write operations: planned parameters in, ids out. Each is sent once."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from gateway.providers.alibaba.auth import RequestSigner
from gateway.providers.alibaba.parameters import flatten
from gateway.providers.alibaba.reply import Written, read_creation, read_done, read_object
from gateway.providers.alibaba.wire import UploadInfo
from gateway.transport.request import Reply, Sender

T = TypeVar("T")

UPLOAD_PERMISSION: Final = "GenerateOTAUploadURL"

_CREATED: Final[Mapping[str, str]] = {
    "CreateOTAVerifyJob": "JobId",
    "CreateOTAStaticUpgradeJob": "JobId",
    "CreateOTADynamicUpgradeJob": "JobId",
    "CreateOTAFirmware": "FirmwareId",
}
"""Operations that make something, and the field of `Data` that names it."""

_ADDRESSED: Final[Mapping[str, str]] = {
    "UpdateOTAJob": "job",
    "CancelOTAStrategyByJob": "job",
    "CancelOTATaskByJob": "job",
    "ModifyOTAFirmware": "firmware",
    "DeleteOTAFirmware": "firmware",
    "UpdateOTAModule": "module",
    "DeleteOTAModule": "module",
}
"""Operations on one object, which can turn out to be missing."""


class AlibabaWriteClient:
    """Calls one account and instance. Methods raise what `reply` and the sender raise."""

    def __init__(self, sender: Sender, signer: RequestSigner, instance_id: str | None) -> None:
        """Send through `sender`; `instance_id` goes with every call, None for the public one."""
        self._sender = sender
        self._signer = signer
        self._instance_id = instance_id

    async def execute(self, operation: str, parameters: Mapping[str, str]) -> Written:
        """Send a write. NotFoundError if the object it is for does not exist."""
        created = _CREATED.get(operation)
        if created is not None:
            return await self._call(
                operation, parameters, lambda reply: read_creation(reply, id_field=created)
            )
        looked_up = _ADDRESSED.get(operation)
        return await self._call(
            operation, parameters, lambda reply: read_done(reply, looked_up=looked_up)
        )

    async def generate_ota_upload_url(self, parameters: Mapping[str, str]) -> UploadInfo:
        """Ask for the permission to upload one file."""

        def read(reply: Reply) -> UploadInfo:
            return read_object(reply, UploadInfo, field="Data", looked_up=None).info

        return await self._call(UPLOAD_PERMISSION, parameters, read)

    async def _call(
        self, operation: str, parameters: Mapping[str, str], read: Callable[[Reply], T]
    ) -> T:
        flat = flatten({"IotInstanceId": self._instance_id, **parameters})
        return await self._sender.call(
            operation, lambda: self._signer.sign(operation, flat), read, repeatable=False
        )
