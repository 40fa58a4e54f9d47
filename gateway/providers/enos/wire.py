"""EnOS objects as they arrive, under EnOS's names. `Any` and odd types end here.

Source: EnOS Connection API V2.1, the structs of each page. Surplus fields are ignored; only ids
without which an object cannot be named are required.
"""

from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from gateway.providers.enos.lenient import (
    Count,
    Flag,
    Key,
    Number,
    ObjectsMap,
    Text,
    TextMap,
    Texts,
    TextsMap,
    Whole,
)


class WireObject(BaseModel):
    """Names in camel case, surplus fields ignored, never changed once read."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )


def _default_alone(value: object) -> object:
    return {"defaultValue": value} if isinstance(value, str) else value


class StringI18n(WireObject):
    """A name: default form, and forms by locale (`zh_CN`)."""

    default_value: Text = None
    i18n_value: TextMap = Field(default_factory=dict, alias="i18nValue")


Name = Annotated[StringI18n | None, BeforeValidator(_default_alone)]


class AssetTreeScope(WireObject):
    """A tree of assets and the nodes meant; no nodes is the whole tree."""

    tree_id: Text = None
    # The second spelling is that of the vendor's own sample code.
    included_nodes: Texts = Field(
        default=(),
        validation_alias=AliasChoices("includedNodes", "includedNotes"),
    )


def _tree_list(value: object) -> object:
    """A list of trees; the type text says one struct, the limit beside it says up to five."""
    if isinstance(value, list):
        return [tree for tree in value if tree is not None]
    return [] if value is None or value == "" else [value]


class UpgradeScope(WireObject):
    """Who is upgraded: `total`, or `partial` with one of the selectors."""

    type: Text = None
    version_numbers: Texts = ()
    product_key: Text = None
    device_keys: Texts = ()
    attributes: ObjectsMap = Field(default_factory=dict)
    tags: TextsMap = Field(default_factory=dict)
    asset_trees: Annotated[tuple[AssetTreeScope, ...], BeforeValidator(_tree_list)] = ()
    device_group_ids: Texts = ()
    asset_ids: Texts = ()


class RetryPolicy(WireObject):
    """Automatic retries; the interval is in seconds."""

    enable_retry: Flag = None
    retry_interval: Count = None
    retry_count: Count = None


class SchedulePolicy(WireObject):
    """When to push. The unit of the two times is not documented."""

    is_repeat_daily: Flag = None
    start_timestamp: object = None
    end_timestamp: object = None
    timezone_offset_in_minutes: Whole = None


class JobInfo(WireObject):
    """One OTA job. `create_time` is epoch milliseconds."""

    job_id: Key
    product_key: Text = None
    name: Name = None
    firmware_id: Text = None
    firmware_version: Text = None
    firmware_name: Name = None
    type: Text = None
    enable_upgrade_request: Flag = None
    upgrade_policy: Text = None
    upgrade_scope: UpgradeScope | None = None
    upgrade_timeout: Count = None
    retry_policy: RetryPolicy | None = None
    schedule_policy: SchedulePolicy | None = None
    maximum_concurrency: Count = None
    start_schedule: Whole = None
    end_schedule: Whole = None
    status: Text = None
    create_time: object = None


class TaskInfo(WireObject):
    """One device's part in a job. `progress` is percent, or a code of failure if negative."""

    task_id: Key
    job_id: Key
    device_key: Key
    product_key: Text = None
    asset_id: Text = None
    from_version: Text = None
    to_version: Text = None
    progress: Number = None
    description: Text = Field(default=None, alias="desc")
    status: Text = None
    update_time: object = None


class FirmwareInfo(WireObject):
    """One firmware package. `file_size` is bytes; documented as text, a number in samples."""

    firmware_id: Key
    product_key: Text = None
    name: Name = None
    version: Text = None
    description: Text = Field(default=None, alias="desc")
    sign_method: Text = None
    sign: Text = None
    file_size: Whole = None
    enable_verification: Flag = None
    is_verified: Flag = None
    create_time: object = None
    firmware_tags: TextMap = Field(default_factory=dict)
    max_allowed_for_verification: Count = None
    min_success_for_verified: Count = None


class DeviceFirmware(WireObject):
    """A device and the version that it reports."""

    device_key: Key
    product_key: Text = None
    asset_id: Text = None
    firmware_version: Text = None
    is_upgrading: Flag = None


class GrantedToken(WireObject):
    """What the token service grants. `expire` is seconds, 7200 at first.

    The token must be able to stand in a header.
    """

    access_token: Annotated[str, Field(pattern=r"^[!-~]+$", repr=False)]
    expire: Whole = None
