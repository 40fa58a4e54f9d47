"""Objects are read leniently: absent, null, surplus, numbers as text and text as numbers."""

import pytest
from pydantic import ValidationError

from gateway.domain.errors import ProviderContractError
from gateway.domain.paging import BrokenItem
from gateway.providers.enos.envelope import Envelope
from gateway.providers.enos.listing import read_list, read_one, read_texts
from gateway.providers.enos.wire import (
    DeviceFirmware,
    FirmwareInfo,
    JobInfo,
    TaskInfo,
    UpgradeScope,
)

from .conftest import task


def found(data: object, total: int | None = None) -> Envelope:
    return Envelope(data=data, total=total)


@pytest.mark.parametrize("model", [JobInfo, TaskInfo, FirmwareInfo, DeviceFirmware])
def test_only_ids_are_needed_and_null_is_absent(
    model: type[JobInfo | TaskInfo | FirmwareInfo | DeviceFirmware],
) -> None:
    ids = {"jobId": "j", "taskId": "t", "deviceKey": "d", "firmwareId": "f"}
    fields = {field.alias: None for field in model.model_fields.values()}
    fields.pop(None, None)
    bare = model.model_validate(ids)
    assert model.model_validate(fields | ids) == bare
    assert model.model_validate(ids | {"surplus": {"of": "another version"}}) == bare


def test_numbers_as_text_and_text_as_numbers() -> None:
    job = JobInfo.model_validate(
        {
            "jobId": 17,
            "firmwareVersion": 1.5,
            "upgradeTimeout": "600",
            "maximumConcurrency": 10.0,
            "enableUpgradeRequest": "True",
            "startSchedule": "",
        }
    )
    assert (job.job_id, job.firmware_version, job.upgrade_timeout) == ("17", "1.5", 600)
    assert (job.maximum_concurrency, job.enable_upgrade_request) == (10, True)
    assert job.start_schedule is None
    firmware = FirmwareInfo.model_validate({"firmwareId": "f", "fileSize": " 1767 "})
    assert firmware.file_size == 1767
    assert TaskInfo.model_validate(task(1, progress="-2")).progress == -2


def test_empty_text_is_absent() -> None:
    read = TaskInfo.model_validate(task(1, productKey="", desc="", progress=""))
    assert (read.product_key, read.description, read.progress) == (None, None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("upgradeTimeout", "ten"),
        ("upgradeTimeout", 1.5),
        ("upgradeTimeout", True),
        ("upgradeTimeout", "9" * 31),
        ("upgradeTimeout", {}),
        ("enableUpgradeRequest", "perhaps"),
        ("upgradeScope", 7),
        ("name", [1]),
        ("type", {"a": 1}),
        ("jobId", ""),
        ("jobId", None),
    ],
)
def test_another_kind_of_thing_is_an_error_of_its_field(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as raised:
        JobInfo.model_validate({"jobId": "j", field: value})
    assert {error["loc"][0] for error in raised.value.errors()} == {field}


def test_a_number_that_is_not_finite_is_an_error() -> None:
    with pytest.raises(ValidationError):
        TaskInfo.model_validate(task(1, progress="nan"))


def test_lists_may_stand_alone_and_hold_nulls() -> None:
    scope = UpgradeScope.model_validate(
        {
            "versionNumbers": "1.0",
            "deviceKeys": ["d1", None, "", 7],
            "tags": {"k": "v", "l": ["a", None]},
            "attributes": {"n": 5, "m": [1, "x", None]},
            "assetTrees": {"treeId": "t", "includedNotes": ["n1"]},
        }
    )
    assert scope.version_numbers == ("1.0",)
    assert scope.device_keys == ("d1", "7")
    assert scope.tags == {"k": ("v",), "l": ("a",)}
    assert scope.attributes == {"n": (5,), "m": (1, "x", None)}
    (tree,) = scope.asset_trees
    assert (tree.tree_id, tree.included_nodes) == ("t", ("n1",))


def test_a_name_may_be_plain_text() -> None:
    job = JobInfo.model_validate({"jobId": "j", "name": "plain"})
    assert job.name is not None
    assert job.name.default_value == "plain"


def test_an_unreadable_item_leaves_the_rest_of_its_list_alone() -> None:
    listing = read_list(
        found(
            [
                task(1),
                task(2, progress={"secret": 1}),
                "text",
                task(4, taskId=None, deviceKey=[]),
                task(5),
            ],
            total=5,
        ),
        TaskInfo,
        id_field="taskId",
    )
    assert [item.wire.task_id for item in listing.items] == ["t1", "t5"]
    assert listing.broken == (
        BrokenItem(index=1, native_id="t2", reason="unreadable progress"),
        BrokenItem(index=2, native_id=None, reason="not an object"),
        BrokenItem(index=3, native_id=None, reason="unreadable deviceKey, taskId"),
    )
    assert (listing.length, listing.total) == (5, 5)


@pytest.mark.parametrize("data", [None, {}, "text", 7])
def test_a_search_without_a_list_breaks_the_contract(data: object) -> None:
    with pytest.raises(ProviderContractError):
        read_list(found(data), TaskInfo, id_field="taskId")
    with pytest.raises(ProviderContractError):
        read_texts(found(data))


@pytest.mark.parametrize("data", [None, [], "text", {"jobId": None}, {}])
def test_a_get_without_an_object_breaks_the_contract(data: object) -> None:
    with pytest.raises(ProviderContractError):
        read_one(found(data), JobInfo)


def test_a_broken_object_names_the_field_and_not_the_value() -> None:
    with pytest.raises(ProviderContractError, match="unreadable upgradeTimeout") as raised:
        read_one(found({"jobId": "j", "upgradeTimeout": "hush"}), JobInfo)
    assert "hush" not in str(raised.value) + str(raised.value.__cause__)


def test_plain_texts_leave_out_what_is_none() -> None:
    assert read_texts(found(["1", 2, None, "", {}, True, 1.5])) == ("1", "2", "1.5")
