"""Alibaba Cloud IoT's writes: the port, composed of planning, sending and looking."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from gateway.domain.errors import NotFoundError
from gateway.domain.json_value import JsonObject
from gateway.domain.write import Finding, PlannedCall, Receipt, Write, WritePlan
from gateway.providers.alibaba.auth import RequestSigner, new_nonce
from gateway.providers.alibaba.client import AlibabaClient
from gateway.providers.alibaba.config import AlibabaSettings, endpoint_of
from gateway.providers.alibaba.finding import Finder
from gateway.providers.alibaba.firmware_writes import UPLOAD_OPERATION
from gateway.providers.alibaba.upload import UploadPermission, read_upload, upload_request
from gateway.providers.alibaba.write_client import UPLOAD_PERMISSION, AlibabaWriteClient
from gateway.providers.alibaba.write_plan import plan_write
from gateway.transport.request import Sender, Uploader

_FILE_URL: Final = "FirmwareUrl."
_FORM: Final = "form."
_HOST: Final = "host"
_PATH: Final = "path"


class AlibabaWriter:
    """One Alibaba Cloud account, region and instance; implements `OtaWriter`."""

    def __init__(
        self,
        *,
        finder: Finder,
        client: AlibabaWriteClient,
        uploader: Uploader,
        region_id: str,
        endpoint: str,
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        """`uploader` reaches the storage, which is another host than `endpoint`.

        `nonce` gives a new text of at least 128 random bits a call.
        """
        self._finder = finder
        self._client = client
        self._uploader = uploader
        self._region_id = region_id
        self._endpoint = endpoint
        self._nonce = nonce

    @property
    def settle_s(self) -> float:
        """See `OtaWriter`. The cloud documents no delay between its writes and its reads."""
        return 0.0

    def plan(self, write: Write, *, marker: str | None, now: datetime) -> WritePlan:
        """See `OtaWriter`. The marker becomes the tag `ota.gateway` of a job.

        The cloud hands a job's tags to its devices, and counts at most 10 of them.
        """
        return plan_write(write, marker=marker, now=now, region_id=self._region_id)

    async def send(self, call: PlannedCall, passed_on: Mapping[str, str]) -> Receipt:
        """See `OtaWriter`.

        Between the calls of an upload `passed_on` holds a permission that is a secret for one
        minute, so it must be neither stored nor shown.
        """
        parameters = _texts(call.parameters)
        if call.operation == UPLOAD_PERMISSION:
            return await self._ask_permission(parameters, passed_on)
        if call.operation == UPLOAD_OPERATION:
            return await self._upload(call, parameters, passed_on)
        try:
            written = await self._client.execute(
                call.operation, parameters | _file_urls(call, passed_on)
            )
        except NotFoundError:
            if call.operation == "DeleteOTAFirmware":
                return Receipt(already=True)
            raise
        return Receipt(native_id=written.native_id, request_id=written.request_id)

    async def find(
        self, write: Write, call: PlannedCall, *, marker: str | None, sent_at: datetime
    ) -> Finding:
        """See `OtaWriter`."""
        return await self._finder.find(write, call, marker=marker, sent_at=sent_at)

    async def aclose(self) -> None:
        """Do nothing: connections belong to the sender."""

    async def _ask_permission(
        self, parameters: Mapping[str, str], passed_on: Mapping[str, str]
    ) -> Receipt:
        info = await self._client.generate_ota_upload_url(parameters)
        permission = UploadPermission.of(info, endpoint=self._endpoint)
        number = 1 + sum(name.startswith(_FILE_URL) for name in passed_on)
        form = {_FORM + name: value for name, value in permission.form().items()}
        return Receipt(
            passed_on={
                **passed_on,
                **form,
                _HOST: permission.host,
                _PATH: permission.path,
                f"{_FILE_URL}{number}": permission.file_url,
            }
        )

    async def _upload(
        self, call: PlannedCall, parameters: Mapping[str, str], passed_on: Mapping[str, str]
    ) -> Receipt:
        fields = {
            name.removeprefix(_FORM): value
            for name, value in passed_on.items()
            if name.startswith(_FORM)
        }
        fields["success_action_status"] = parameters["success_action_status"]
        request = upload_request(
            passed_on[_PATH], fields, call.content or b"", boundary=self._nonce()
        )
        await self._uploader.upload(call.operation, passed_on[_HOST], request, read_upload)
        kept = {name: value for name, value in passed_on.items() if name.startswith(_FILE_URL)}
        return Receipt(passed_on=kept)


def build_writer(
    backend: str, settings: AlibabaSettings, sender: Sender, uploader: Uploader
) -> AlibabaWriter:
    """Give the writer of one configured backend."""
    signer = RequestSigner(settings, clock=sender.now)
    return AlibabaWriter(
        finder=Finder(backend, AlibabaClient(sender, signer, settings.instance_id)),
        client=AlibabaWriteClient(sender, signer, settings.instance_id),
        uploader=uploader,
        region_id=settings.region_id,
        endpoint=endpoint_of(settings),
    )


def _texts(parameters: JsonObject) -> dict[str, str]:
    return {name: str(value) for name, value in parameters.items()}


def _file_urls(call: PlannedCall, passed_on: Mapping[str, str]) -> dict[str, str]:
    """The addresses of the uploaded files, under the names that the package's call has for them."""
    urls = {
        name.removeprefix(_FILE_URL): url
        for name, url in passed_on.items()
        if name.startswith(_FILE_URL)
    }
    several = "MultiFiles.1.Name" in call.parameters
    return {
        f"MultiFiles.{number}.Url" if several else "FirmwareUrl": url
        for number, url in urls.items()
    }
