"""The cloud's replies as it writes them: its names as aliases, its units, everything optional.

Lists and single reads of one noun share a model, since the objects in lists are the same with
fields left out. Surplus fields are ignored here and kept in `raw`.
Source: API reference of the IoT Platform, version 2018-01-20, response tables.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from gateway.providers.alibaba.scalars import (
    Count,
    Flag,
    Number,
    RequiredText,
    Size,
    Text,
    wrapped_in,
)


class WireModel(BaseModel):
    """An object of a reply."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_pascal)


class Envelope(WireModel):
    """What surrounds every payload, over the three shapes: success, business and gateway failure.

    `error_message` comes with business failures, `message` with gateway failures. The page
    numbers come with lists alone.
    """

    success: Flag = None
    code: Text = None
    request_id: Text = None
    error_message: Text = None
    message: Text = None
    total: Count = None
    current_page: Count = None


class TagInfo(WireModel):
    """One tag of a job, `OtaTagDTO`."""

    key: Text = None
    value: Text = None


class JobInfo(WireModel):
    """A batch: `Data` of QueryOTAJob, or a `SimpleOTAJobInfo` with 12 of its fields.

    Minutes are minutes, times are ISO text, `gray_percent` is percent as text.
    """

    job_id: RequiredText
    firmware_id: Text = None
    product_key: Text = None
    job_status: Text = None
    job_type: Text = None
    selection_type: Text = None
    target_selection: Text = None
    tags: Annotated[tuple[TagInfo, ...], wrapped_in("OtaTagDTO")] = ()
    utc_create: Text = None
    utc_modified: Text = None
    utc_start_time: Text = None
    utc_end_time: Text = None

    name: Text = None
    dest_version: Text = None
    src_versions: Annotated[tuple[RequiredText, ...], wrapped_in("SrcVersion")] = ()
    job_desc: Text = None
    gray_percent: Number = None
    group_id: Text = None
    group_name: Text = None
    dynamic_mode: Text = None
    download_protocol: Text = None
    maximum_per_minute: Count = None
    multi_module_mode: Flag = None
    need_confirm: Flag = None
    need_push: Flag = None
    overwrite_mode: Text = None
    retry_count: Count = None
    retry_interval: Number = None
    timeout_in_minutes: Number = None
    utc_schedule_time: Text = None
    utc_schedule_finish_time: Text = None


class TaskInfo(WireModel):
    """A device update task, `SimpleOTATaskInfo`.

    `progress` is percent and `timeout` minutes, both as text. The list of a device's open tasks
    leaves both out, and `task_desc`; it alone has `module_name`.
    """

    task_id: RequiredText
    job_id: RequiredText
    device_name: RequiredText
    firmware_id: Text = None
    product_key: Text = None
    product_name: Text = None
    iot_id: Text = None
    module_name: Text = None
    src_version: Text = None
    dest_version: Text = None
    task_status: Text = None
    progress: Number = None
    task_desc: Text = None
    timeout: Number = None
    utc_create: Text = None
    utc_modified: Text = None


class FileInfo(WireModel):
    """One file of a package with several, an element of `MultiFiles`; its address is not read."""

    name: Text = None
    size: Size = None
    file_md5: Text = None
    sign_value: Text = None


class FirmwareInfo(WireModel):
    """An update package: `FirmwareInfo` of QueryOTAFirmware, or a `SimpleFirmwareInfo`.

    `firmware_sign` and `firmware_size` (bytes) belong to packages of one file.
    """

    firmware_id: RequiredText
    firmware_name: Text = None
    firmware_desc: Text = None
    firmware_sign: Text = None
    sign_method: Text = None
    firmware_size: Size = None
    dest_version: Text = None
    src_version: Text = None
    module_name: Text = None
    product_key: Text = None
    product_name: Text = None
    status: Text = None
    type: Text = None
    utc_create: Text = None
    utc_modified: Text = None

    verify_progress: Count = None
    udi: Text = None
    multi_files: Annotated[tuple[FileInfo, ...], wrapped_in("MultiFiles")] = ()


class ModuleVersionInfo(WireModel):
    """What one module of a device reported, `SimpleOTAModuleInfo`."""

    module_name: RequiredText
    module_version: Text = None
    iot_id: Text = None


class ModuleInfo(WireModel):
    """A module that a product defines, an element of ListOTAModuleByProduct's `Data`."""

    module_name: RequiredText
    product_key: Text = None
    alias_name: Text = None
    desc: Text = None


class UploadInfo(WireModel):
    """Permission to upload one file: `Data` of GenerateOTAUploadURL. Secret while it is valid."""

    host: RequiredText
    key: RequiredText
    access_key_id: RequiredText = Field(alias="OSSAccessKeyId", repr=False)
    policy: RequiredText = Field(repr=False)
    signature: RequiredText = Field(repr=False)
    firmware_url: RequiredText
