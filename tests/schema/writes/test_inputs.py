"""Every mutation's input, as the write that a cloud is asked for."""

import base64
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.draft import (
    CancelChoice,
    FileDraft,
    FirmwareChanges,
    FirmwareDraft,
    JobChanges,
    JobDraft,
    ModuleDraft,
    ScopeDraft,
)
from gateway.domain.firmware import Checksum, FirmwareType
from gateway.domain.ids import NodeKind
from gateway.domain.job import (
    DownloadProtocol,
    JobType,
    MembershipMode,
    OverwriteMode,
    RetryPolicy,
    RolloutPace,
    Schedule,
    UpgradePolicy,
)
from gateway.domain.scope import (
    AllDevices,
    AssetTree,
    AssetTrees,
    DeviceAttributes,
    DeviceGroup,
    DeviceGroups,
    DeviceTags,
    ListedAssets,
    ListedDevices,
    Percentage,
    ScopeTarget,
)
from gateway.domain.text import LocalizedText
from gateway.domain.write import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateFirmware,
    CreateJob,
    CreateModule,
    DeleteFirmware,
    DeleteJob,
    DeleteModule,
    RetryTasks,
    StartJob,
    StopJob,
    TaskTarget,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Write,
)
from tests.schema.samples import job, package
from tests.schema.world import global_id
from tests.schema.writes.conftest import Desk

JOB: Final = global_id(NodeKind.OTA_JOB, "job-1")
FIRMWARE: Final = global_id(NodeKind.FIRMWARE, "fw-1")
ERRORS: Final = "errors { __typename message path backend ... on InvalidInputProblem { nearest } }"
ALL: Final = {"target": {"allDevices": True}}


def task_id(number: int, job_id: str = "job-1") -> str:
    return global_id(NodeKind.TASK, job_id, "pump", f"pump-{number}", f"task-{number}")


def target(number: int) -> TaskTarget:
    device = DeviceRef(product_key="pump", name=f"pump-{number}")
    return TaskTarget(task_id=f"task-{number}", device=device)


async def planned(desk: Desk, field: str, **arguments: object) -> Write:
    """The one write that a mutation came to."""
    payload = await desk.write(field, ERRORS, **arguments)
    assert payload["errors"] == []
    (write,) = desk.writer.planned
    return write


async def problems(desk: Desk, field: str, **arguments: object) -> Any:  # noqa: ANN401 - any JSON
    """What a mutation was refused for, before a writer was asked."""
    payload = await desk.write(field, ERRORS, **arguments)
    assert desk.writer.planned == []
    return payload["errors"]


async def test_every_field_of_a_new_job_arrives(desk: Desk) -> None:
    write = await planned(
        desk,
        "createOtaJob",
        idempotencyKey="k",
        input={
            "firmwareId": FIRMWARE,
            "type": "UPGRADE",
            "policy": "CONTINUOUS",
            "scope": {
                "target": {"listedDevices": {"names": ["a", "b"]}},
                "sourceVersions": ["1.0", "1.1"],
                "productKey": "narrow",
            },
            "name": {
                "default": "night",
                "translations": [{"locale": "zh_CN", "text": "夜"}],
            },
            "timeoutSeconds": 300,
            "retryPolicy": {"count": 2, "intervalSeconds": 600},
            "schedule": {
                "startsAt": "2026-03-01T08:00:00+08:00",
                "endsAt": "2026-03-02T00:00:00Z",
                "repeatsDaily": True,
                "utcOffsetSeconds": 28_800,
            },
            "pace": {"maxConcurrent": 5, "maxPerMinute": 100},
            "overwriteMode": "REPLACE_PENDING",
            "membershipMode": "FUTURE_ONLY",
            "downloadProtocol": "MQTT",
            "confirmationRequired": True,
            "pushEnabled": False,
            "deviceRequestEnabled": True,
            "multiModule": False,
            "tags": [{"key": "stage", "value": "beta"}, {"key": "who", "value": "ann"}],
        },
    )

    assert write == CreateJob(
        draft=JobDraft(
            firmware_id="fw-1",
            product_key="pump",
            type=JobType.UPGRADE,
            scope=ScopeDraft(
                target=ListedDevices(names=("a", "b")),
                source_versions=("1.0", "1.1"),
                product_key="narrow",
            ),
            policy=UpgradePolicy.CONTINUOUS,
            name=LocalizedText(default="night", translations={"zh_CN": "夜"}),
            timeout_s=300,
            retry_policy=RetryPolicy(count=2, interval_s=600),
            schedule=Schedule(
                starts_at=datetime(2026, 3, 1, tzinfo=UTC),
                ends_at=datetime(2026, 3, 2, tzinfo=UTC),
                repeats_daily=True,
                utc_offset_s=28_800,
            ),
            pace=RolloutPace(max_concurrent=5, max_per_minute=100),
            overwrite_mode=OverwriteMode.REPLACE_PENDING,
            membership_mode=MembershipMode.FUTURE_ONLY,
            download_protocol=DownloadProtocol.MQTT,
            confirmation_required=True,
            push_enabled=False,
            device_request_enabled=True,
            multi_module=False,
            tags={"stage": "beta", "who": "ann"},
        )
    )


async def test_what_is_not_given_is_left_to_the_cloud(desk: Desk) -> None:
    write = await planned(
        desk, "createOtaJob", idempotencyKey="k", input={"firmwareId": FIRMWARE, "scope": ALL}
    )

    draft = JobDraft(
        firmware_id="fw-1",
        product_key="pump",
        type=JobType.UPGRADE,
        scope=ScopeDraft(target=AllDevices()),
    )
    assert write == CreateJob(draft=draft)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"allDevices": True}, AllDevices()),
        ({"listedDevices": {"names": ["a"]}}, ListedDevices(names=("a",))),
        ({"listedAssets": {"assetIds": ["a"]}}, ListedAssets(asset_ids=("a",))),
        (
            {"assetTrees": {"trees": [{"treeId": "t"}, {"treeId": "u", "nodeIds": ["n"]}]}},
            AssetTrees(
                trees=(
                    AssetTree(tree_id="t", node_ids=()),
                    AssetTree(tree_id="u", node_ids=("n",)),
                )
            ),
        ),
        (
            {
                "deviceAttributes": {
                    "attributes": [
                        {
                            "name": "n",
                            "values": [
                                {"text": "x"},
                                {"text": ""},
                                {"number": 1},
                                {"number": 0.5},
                                {"boolean": True},
                                {"boolean": False},
                            ],
                        }
                    ]
                }
            },
            DeviceAttributes(attributes={"n": ("x", "", 1, 0.5, True, False)}),
        ),
        (
            {"deviceTags": {"tags": [{"key": "k", "values": ["x", "y"]}]}},
            DeviceTags(tags={"k": ("x", "y")}),
        ),
        (
            {"deviceGroups": {"groupIds": ["g"]}},
            DeviceGroups(groups=(DeviceGroup(id="g", name=None),)),
        ),
        ({"percentage": {"percent": 12.5}}, Percentage(percent=12.5)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_every_kind_of_target_arrives(
    desk: Desk, given: dict[str, object], expected: ScopeTarget
) -> None:
    write = await planned(
        desk,
        "createOtaJob",
        idempotencyKey="k",
        input={"firmwareId": FIRMWARE, "scope": {"target": given}},
    )

    assert isinstance(write, CreateJob)
    assert write.draft.scope == ScopeDraft(target=expected)


async def test_a_verification_is_a_job_of_that_type(desk: Desk) -> None:
    write = await planned(
        desk,
        "verifyFirmware",
        idempotencyKey="k",
        input={
            "firmwareId": FIRMWARE,
            "scope": {"target": {"listedDevices": {"names": ["a"]}}, "sourceVersions": ["1.0"]},
            "name": {"default": "trial"},
            "timeoutSeconds": 600,
            "downloadProtocol": "HTTPS",
            "confirmationRequired": False,
            "pushEnabled": True,
            "tags": [{"key": "stage", "value": "beta"}],
        },
    )

    assert write == CreateJob(
        draft=JobDraft(
            firmware_id="fw-1",
            product_key="pump",
            type=JobType.VERIFICATION,
            scope=ScopeDraft(target=ListedDevices(names=("a",)), source_versions=("1.0",)),
            name=LocalizedText(default="trial"),
            timeout_s=600,
            download_protocol=DownloadProtocol.HTTPS,
            confirmation_required=False,
            push_enabled=True,
            tags={"stage": "beta"},
        )
    )


@pytest.mark.parametrize(
    ("field", "more", "expected"),
    [
        ("startOtaJob", {}, StartJob(job=job(1))),
        ("stopOtaJob", {}, StopJob(job=job(1))),
        ("deleteOtaJob", {}, DeleteJob(job=job(1))),
        (
            "cancelOtaJob",
            {
                "scheduled": True,
                "queued": True,
                "notified": True,
                "inProgress": True,
                "awaitingConfirmation": False,
                "membership": True,
            },
            CancelJob(
                job=job(1),
                choice=CancelChoice(
                    scheduled=True,
                    queued=True,
                    notified=True,
                    in_progress=True,
                    awaiting_confirmation=False,
                ),
                membership=True,
            ),
        ),
        ("cancelOtaJob", {}, CancelJob(job=job(1), choice=CancelChoice())),
        (
            "updateOtaJob",
            {
                "maxPerMinute": 20,
                "timeoutSeconds": 120,
                "sourceVersions": ["1.0"],
                "tags": [{"key": "k", "value": "v"}],
            },
            UpdateJob(
                job=job(1),
                changes=JobChanges(
                    max_per_minute=20, timeout_s=120, source_versions=("1.0",), tags={"k": "v"}
                ),
            ),
        ),
        (
            "updateOtaJob",
            {"tags": [], "sourceVersions": []},
            UpdateJob(job=job(1), changes=JobChanges(tags={}, source_versions=())),
        ),
        ("updateOtaJob", {}, UpdateJob(job=job(1), changes=JobChanges())),
    ],
)
async def test_a_job_is_acted_on_as_it_is_now(
    desk: Desk, field: str, more: dict[str, object], expected: Write
) -> None:
    assert await planned(desk, field, input={"id": JOB, **more}) == expected


@pytest.mark.parametrize(
    ("field", "kind"),
    [("retryTasks", RetryTasks), ("cancelTasks", CancelTasks), ("confirmTasks", ConfirmTasks)],
)
async def test_tasks_are_named_by_id_and_by_device_each_once(
    desk: Desk, field: str, kind: type[RetryTasks | CancelTasks | ConfirmTasks]
) -> None:
    write = await planned(
        desk,
        field,
        input={
            "jobId": JOB,
            "tasks": [task_id(3), task_id(1), task_id(3)],
            "devices": ["pump-2", "pump-1"],
        },
    )

    assert write == kind(job=job(1), targets=(target(3), target(1), target(2)))


async def test_every_field_of_a_new_package_arrives(desk: Desk) -> None:
    write = await planned(
        desk,
        "createFirmware",
        idempotencyKey="k",
        input={
            "backend": "plant",
            "name": {"default": "pump control"},
            "version": "2.0",
            "files": [
                {"name": "a.bin", "contentBase64": base64.b64encode(b"12345678").decode()},
                {"name": "b.bin", "contentBase64": base64.b64encode(b"87654321").decode()},
            ],
            "productKey": "pump",
            "description": "faster",
            "moduleName": "radio",
            "type": "DIFFERENTIAL",
            "sourceVersion": "1.0",
            "checksum": {"method": "md5", "value": "ab"},
            "verificationRequired": False,
            "maxVerificationDevices": 10,
            "minVerificationSuccesses": 2,
            "deviceInfo": "at night",
            "tags": [{"key": "k", "value": "v"}],
        },
    )

    assert write == CreateFirmware(
        draft=FirmwareDraft(
            name=LocalizedText(default="pump control"),
            version="2.0",
            files=(
                FileDraft(name="a.bin", content=b"12345678"),
                FileDraft(name="b.bin", content=b"87654321"),
            ),
            product_key="pump",
            description="faster",
            module_name="radio",
            type=FirmwareType.DIFFERENTIAL,
            source_version="1.0",
            checksum=Checksum(method="md5", value="ab"),
            verification_required=False,
            max_verification_devices=10,
            min_verification_successes=2,
            device_info="at night",
            tags={"k": "v"},
        )
    )


@pytest.mark.parametrize(
    ("field", "given", "expected"),
    [
        (
            "updateFirmware",
            {"id": FIRMWARE, "name": "n", "description": "d", "deviceInfo": "i"},
            UpdateFirmware(
                firmware=package(1),
                changes=FirmwareChanges(name="n", description="d", device_info="i"),
            ),
        ),
        (
            "updateFirmware",
            {"id": FIRMWARE},
            UpdateFirmware(firmware=package(1), changes=FirmwareChanges()),
        ),
        ("deleteFirmware", {"id": FIRMWARE}, DeleteFirmware(firmware=package(1))),
        (
            "createModule",
            {"backend": "plant", "productKey": "p", "name": "n", "alias": "a", "description": "d"},
            CreateModule(draft=ModuleDraft(product_key="p", name="n", alias="a", description="d")),
        ),
        (
            "updateModule",
            {"backend": "plant", "productKey": "p", "name": "n", "alias": "a"},
            UpdateModule(draft=ModuleDraft(product_key="p", name="n", alias="a")),
        ),
        (
            "deleteModule",
            {"backend": "plant", "productKey": "p", "name": "n"},
            DeleteModule(product_key="p", name="n"),
        ),
    ],
)
async def test_packages_and_modules_are_written_as_asked(
    desk: Desk, field: str, given: dict[str, object], expected: Write
) -> None:
    assert await planned(desk, field, input=given) == expected


def invalid(path: list[str], message: str, *nearest: str, backend: str | None = "plant") -> object:
    return {
        "__typename": "InvalidInputProblem",
        "message": message,
        "path": path,
        "backend": backend,
        "nearest": list(nearest),
    }


async def test_false_is_no_target(desk: Desk) -> None:
    given = {"firmwareId": FIRMWARE, "scope": {"target": {"allDevices": False}}}

    assert await problems(desk, "createOtaJob", idempotencyKey="k", input=given) == [
        invalid(
            ["input", "scope", "target", "allDevices"],
            "allDevices must be true; name another kind of target for fewer",
            "true",
        )
    ]


@pytest.mark.parametrize(
    ("more", "path", "name"),
    [
        (
            {"tags": [{"key": "k", "value": "v"}, {"key": "k", "value": "w"}]},
            ["input", "tags", "1"],
            "'k'",
        ),
        (
            {
                "name": {
                    "default": "n",
                    "translations": [
                        {"locale": "zh_CN", "text": "a"},
                        {"locale": "zh_CN", "text": "b"},
                    ],
                }
            },
            ["input", "name", "translations", "1"],
            "'zh_CN'",
        ),
        (
            {
                "scope": {
                    "target": {
                        "deviceTags": {
                            "tags": [{"key": "k", "values": []}, {"key": "k", "values": []}]
                        }
                    }
                }
            },
            ["input", "scope", "target", "deviceTags", "tags", "1"],
            "'k'",
        ),
        (
            {
                "scope": {
                    "target": {
                        "deviceAttributes": {
                            "attributes": [
                                {"name": "a", "values": []},
                                {"name": "a", "values": []},
                            ]
                        }
                    }
                }
            },
            ["input", "scope", "target", "deviceAttributes", "attributes", "1"],
            "'a'",
        ),
    ],
)
async def test_a_key_is_not_given_twice(
    desk: Desk, more: dict[str, object], path: list[str], name: str
) -> None:
    given = {"firmwareId": FIRMWARE, "scope": ALL, **more}

    assert await problems(desk, "createOtaJob", idempotencyKey="k", input=given) == [
        invalid(path, f"{name} is there more than once")
    ]


@pytest.mark.parametrize(
    ("field", "given", "path"),
    [
        ("createOtaJob", {"firmwareId": JOB, "scope": ALL}, ["input", "firmwareId"]),
        ("verifyFirmware", {"firmwareId": "x", "scope": ALL}, ["input", "firmwareId"]),
        ("startOtaJob", {"id": FIRMWARE}, ["input", "id"]),
        ("retryTasks", {"jobId": FIRMWARE}, ["input", "jobId"]),
        ("updateFirmware", {"id": JOB}, ["input", "id"]),
        ("deleteFirmware", {"id": JOB}, ["input", "id"]),
        (
            "createModule",
            {"backend": "nowhere", "productKey": "p", "name": "n"},
            ["input", "backend"],
        ),
    ],
)
async def test_an_id_of_something_else_is_refused_at_its_place(
    desk: Desk, field: str, given: dict[str, object], path: list[str]
) -> None:
    keys = {"idempotencyKey": "k"} if field in {"createOtaJob", "verifyFirmware"} else {}
    (problem,) = await problems(desk, field, input=given, **keys)

    assert (problem["__typename"], problem["path"]) == ("InvalidInputProblem", path)
    assert problem["backend"] is None


async def test_all_tasks_of_other_jobs_are_told_at_once(desk: Desk) -> None:
    given = {"jobId": JOB, "tasks": [task_id(9, "job-2"), task_id(1), task_id(8, "job-2")]}

    assert await problems(desk, "retryTasks", input=given) == [
        invalid(["input", "tasks", "0"], "this task is of another job"),
        invalid(["input", "tasks", "2"], "this task is of another job"),
    ]


async def test_all_devices_without_a_task_are_told_at_once(desk: Desk) -> None:
    given = {"jobId": JOB, "devices": ["x", "pump-1", "y"]}

    assert await problems(desk, "cancelTasks", input=given) == [
        invalid(["input", "devices", "0"], "the job has no task for device 'x'"),
        invalid(["input", "devices", "2"], "the job has no task for device 'y'"),
    ]


async def test_at_least_one_task_is_named(desk: Desk) -> None:
    assert await problems(desk, "confirmTasks", input={"jobId": JOB}) == [
        invalid(["input"], "name at least one task or device")
    ]


async def test_a_device_with_more_tasks_than_a_page_holds_has_all_of_them_acted_on(
    desk: Desk,
) -> None:
    desk.cloud.page = 2
    names = [f"pump-{number}" for number in range(1, 6)]
    write = await planned(desk, "retryTasks", input={"jobId": JOB, "devices": names})

    assert isinstance(write, RetryTasks)
    assert write.targets == tuple(target(number) for number in range(1, 6))


def package_of(*contents: str) -> dict[str, object]:
    files = [{"name": f"{n}.bin", "contentBase64": text} for n, text in enumerate(contents)]
    return {"backend": "plant", "name": {"default": "n"}, "version": "1", "files": files}


async def test_every_file_that_is_not_base64_is_told(desk: Desk) -> None:
    given = package_of("AAAA", "A", "not base64!", "AA\nAA")

    assert await problems(desk, "createFirmware", idempotencyKey="k", input=given) == [
        invalid(["input", "files", number, "contentBase64"], "this is not Base64 with padding")
        for number in ("1", "2", "3")
    ]


async def test_files_are_no_larger_together_than_the_gateway_is_set_up_for(desk: Desk) -> None:
    largest = base64.b64encode(b"x" * 16).decode()
    write = await planned(desk, "createFirmware", idempotencyKey="k", input=package_of(largest))
    assert isinstance(write, CreateFirmware)
    desk.writer.planned.clear()

    above = package_of(base64.b64encode(b"x" * 9).decode(), base64.b64encode(b"x" * 9).decode())
    assert await problems(desk, "createFirmware", idempotencyKey="l", input=above) == [
        invalid(["input", "files"], "the files may have 16 bytes together, and have 18")
    ]


@pytest.mark.parametrize("key", ["", "x" * 256, "line\nbreak"])
async def test_a_key_that_cannot_be_kept_is_refused_before_anything_is_read(
    desk: Desk, key: str
) -> None:
    (problem,) = await problems(desk, "startOtaJob", input={"id": JOB}, idempotencyKey=key)

    assert problem["path"] == ["idempotencyKey"]
    assert desk.cloud.calls == {}
