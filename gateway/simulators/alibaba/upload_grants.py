"""The operations that let a client upload: a package, or a list of device names."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.simulators.alibaba import errors, timestamps
from gateway.simulators.alibaba.handler import Handler, Payload
from gateway.simulators.alibaba.object_store import Grant, ObjectStore
from gateway.simulators.alibaba.parameters import Arguments

_SUFFIXES = frozenset({"bin", "dav", "apk", "tar", "gz", "tar.gz", "zip", "gzip"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadGrants:
    """Answers both operations; the names of two fields differ between them."""

    store: ObjectStore

    def handlers(self) -> Mapping[str, Handler]:
        """The operations by name."""
        return {
            "GenerateOTAUploadURL": self.generate_ota_upload_url,
            "GenerateDeviceNameListURL": self.generate_device_name_list_url,
        }

    def generate_ota_upload_url(self, arguments: Arguments, now_s: float) -> Payload:
        """Leave to upload a package file within a minute."""
        suffix = arguments.texts.get("FileSuffix", "bin")
        if suffix not in _SUFFIXES:
            detail = "FileSuffix is none of the supported ones."
            raise errors.illegal_request(detail)
        grant = self.store.grant_package(suffix, now_s)
        own = {"OSSAccessKeyId": grant.access_key_id, "FirmwareUrl": grant.url}
        return {"Data": _fields(grant, now_s) | own}

    def generate_device_name_list_url(self, arguments: Arguments, now_s: float) -> Payload:
        """Leave to upload a list of device names within a minute."""
        del arguments
        grant = self.store.grant_list(now_s)
        own = {"AccessKeyId": grant.access_key_id, "FileUrl": grant.url}
        return {"Data": _fields(grant, now_s) | own}


def _fields(grant: Grant, now_s: float) -> dict[str, object]:
    return {
        "Key": grant.key,
        "Host": grant.host,
        "Policy": grant.policy,
        "Signature": grant.signature,
        "ObjectStorage": "OSS",
        "UtcCreate": timestamps.utc(now_s),
    }
