"""Every write of Alibaba Cloud IoT."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import ANY

from gateway.simulators.alibaba.firmware import FirmwareStatus
from gateway.simulators.alibaba.groups import groups_of
from tests.exactly_once.case import CONTENT, FILE, MD5, Case, Table, case
from tests.exactly_once.stage import Call, Stage
from tests.exactly_once.targets import Target, alibaba_target

ALIBABA: Final[Table] = {}


def lights(stage: Stage) -> Target:
    return alibaba_target(stage.clouds.lights, stage.now_s)


def alibaba_creation(
    stage: Stage, wanted: dict[str, Any], wire: dict[str, Any], **more: object
) -> Case:
    """A creation with this target, and what Alibaba gets to see beside package and product."""
    target = lights(stage)
    continuous = more.get("policy") == "CONTINUOUS"
    operation = "CreateOTADynamicUpgradeJob" if continuous else "CreateOTAStaticUpgradeJob"
    versions = [target.version] if "SrcVersion.1" in wire else []
    return Case(
        mutation="createOtaJob",
        given={
            "firmwareId": stage.firmware("lights", target.firmware_id),
            "scope": {"target": wanted, "sourceVersions": versions},
            **more,
        },
        calls=[
            Call(
                operation,
                {"FirmwareId": target.firmware_id, "ProductKey": target.product_key, **wire},
            )
        ],
        more="otaJob { type policy }",
        shows={"otaJob": {"type": "UPGRADE", "policy": "CONTINUOUS" if continuous else "SNAPSHOT"}},
    )


async def lights_job(stage: Stage, count: int = 3, **more: object) -> tuple[str, str, list[str]]:
    """The global and the native id of a new snapshot job, and its devices."""
    target = lights(stage)
    names = list(target.devices[:count])
    given = {
        "firmwareId": stage.firmware("lights", target.firmware_id),
        "scope": {"target": {"listedDevices": {"names": names}}},
        **more,
    }
    job = (await stage.done("createOtaJob", given, "otaJob { id nativeId }"))["otaJob"]
    return job["id"], job["nativeId"], names


async def task_ids(stage: Stage, job: str) -> tuple[list[str], dict[str, str]]:
    """Global ids of a job's tasks, and their ids as parameters of a call."""
    document = """
        query($id: ID!) { otaJob(by: {id: $id}) {
          tasks(first: 50) { edges { node { id nativeId } } } } }
    """
    data = await stage.gateway.data(document, id=job)
    nodes = [edge["node"] for edge in data["otaJob"]["tasks"]["edges"]]
    wire = {f"TaskId.{place}": node["nativeId"] for place, node in enumerate(nodes, start=1)}
    return [node["id"] for node in nodes], wire


@case(ALIBABA, "CreateOTAStaticUpgradeJob")
async def static_job_for_all_devices(stage: Stage) -> Case:
    version = lights(stage).version
    wire = {"TargetSelection": "ALL", "SrcVersion.1": version}
    return alibaba_creation(stage, {"allDevices": True}, wire)


@case(ALIBABA, "CreateOTAStaticUpgradeJob")
async def static_job_for_listed_devices_with_everything(stage: Stage) -> Case:
    names = list(lights(stage).devices[:2])
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    start_ms = int(starts.timestamp()) * 1_000
    wire = {
        "TargetSelection": "SPECIFIC",
        "TargetDeviceName.1": names[0],
        "TargetDeviceName.2": names[1],
        "ScheduleTime": str(start_ms),
        "ScheduleFinishTime": str(start_ms + 7_200_000),
        "MaximumPerMinute": "1000",
        "TimeoutInMinutes": "60",
        "RetryCount": "2",
        "RetryInterval": "10",
        "OverwriteMode": "1",
        "NeedConfirm": "true",
        "NeedPush": "false",
        "MultiModuleMode": "true",
        "DownloadProtocol": "HTTPS",
        "Tag.1.Key": "line",
        "Tag.1.Value": "7",
    }
    return alibaba_creation(
        stage,
        {"listedDevices": {"names": names}},
        wire,
        policy="SNAPSHOT",
        schedule={
            "startsAt": starts.isoformat(),
            "endsAt": (starts + timedelta(hours=2)).isoformat(),
        },
        pace={"maxPerMinute": 1_000},
        timeoutSeconds=3_600,
        retryPolicy={"count": 2, "intervalSeconds": 600},
        overwriteMode="KEEP_EXISTING",
        confirmationRequired=True,
        pushEnabled=False,
        multiModule=True,
        downloadProtocol="HTTPS",
        tags=[{"key": "line", "value": "7"}],
    )


@case(ALIBABA, "CreateOTAStaticUpgradeJob")
async def static_job_for_a_share_of_devices(stage: Stage) -> Case:
    wire = {
        "TargetSelection": "GRAY",
        "GrayPercent": "33.33",
        "SrcVersion.1": lights(stage).version,
    }
    return alibaba_creation(stage, {"percentage": {"percent": 33.33}}, wire)


@case(ALIBABA, "CreateOTAStaticUpgradeJob")
async def static_job_for_a_group(stage: Stage) -> Case:
    group = groups_of(lights(stage).product_key, 7)[0].id
    wire = {"TargetSelection": "GROUP", "GroupId": group, "GroupType": "LINK_PLATFORM"}
    return alibaba_creation(stage, {"deviceGroups": {"groupIds": [group]}}, wire)


@case(ALIBABA, "CreateOTADynamicUpgradeJob")
async def dynamic_job_for_versions(stage: Stage) -> Case:
    wire = {"SrcVersion.1": lights(stage).version, "DynamicMode": "2", "OverwriteMode": "2"}
    return alibaba_creation(
        stage,
        {"allDevices": True},
        wire,
        policy="CONTINUOUS",
        membershipMode="FUTURE_ONLY",
        overwriteMode="REPLACE_PENDING",
    )


@case(ALIBABA, "CreateOTADynamicUpgradeJob")
async def dynamic_job_for_a_group(stage: Stage) -> Case:
    group = groups_of(lights(stage).product_key, 7)[0].id
    wire = {"GroupId": group, "GroupType": "LINK_PLATFORM_DYNAMIC"}
    return alibaba_creation(
        stage, {"deviceGroups": {"groupIds": [group]}}, wire, policy="CONTINUOUS"
    )


@case(ALIBABA, "CreateOTAVerifyJob", mutation="verifyFirmware")
async def alibaba_verification(stage: Stage) -> Case:
    target = alibaba_target(stage.clouds.lights, stage.now_s, statuses=(FirmwareStatus.UNVERIFIED,))
    names = list(target.devices[:2])
    return Case(
        mutation="verifyFirmware",
        given={
            "firmwareId": stage.firmware("lights", target.firmware_id),
            "scope": {"target": {"listedDevices": {"names": names}}},
            "timeoutSeconds": 3_600,
        },
        calls=[
            Call(
                "CreateOTAVerifyJob",
                {
                    "FirmwareId": target.firmware_id,
                    "ProductKey": target.product_key,
                    "TargetDeviceName.1": names[0],
                    "TargetDeviceName.2": names[1],
                    "TimeoutInMinutes": "60",
                },
            )
        ],
        more="otaJob { type }",
        shows={"otaJob": {"type": "VERIFICATION"}},
    )


@case(ALIBABA, "UpdateOTAJob", mutation="updateOtaJob")
async def update_job(stage: Stage) -> Case:
    target = lights(stage)
    creation = alibaba_creation(
        stage, {"allDevices": True}, {"SrcVersion.1": target.version}, policy="CONTINUOUS"
    )
    job = (await stage.done("createOtaJob", creation.given, "otaJob { id nativeId }"))["otaJob"]
    return Case(
        mutation="updateOtaJob",
        given={
            "id": job["id"],
            "maxPerMinute": 600,
            "timeoutSeconds": 7_200,
            "sourceVersions": [target.version, "0.9.9"],
            "tags": [{"key": "line", "value": "8"}],
        },
        calls=[
            Call(
                "UpdateOTAJob",
                {
                    "JobId": job["nativeId"],
                    "UpgradeType": "DYNAMIC",
                    "TargetSelection": "ALL",
                    "MaximumPerMinute": "600",
                    "TimeoutInMinutes": "120",
                    "SrcVersionList.1": target.version,
                    "SrcVersionList.2": "0.9.9",
                    "Tags.1.Key": "line",
                    "Tags.1.Value": "8",
                },
            )
        ],
        more="otaJob { pace { maxPerMinute } timeoutSeconds tags { key value } }",
        shows={
            "otaJob": {
                "pace": {"maxPerMinute": 600},
                "timeoutSeconds": 7_200,
                "tags": [{"key": "line", "value": "8"}],
            }
        },
    )


@case(ALIBABA, "CancelOTATaskByJob", mutation="cancelOtaJob")
async def cancel_static_job(stage: Stage) -> Case:
    job, native, _ = await lights_job(stage)
    return Case(
        mutation="cancelOtaJob",
        given={
            "id": job,
            "scheduled": True,
            "queued": True,
            "notified": True,
            "inProgress": True,
            "awaitingConfirmation": False,
            "membership": False,
        },
        calls=[
            Call(
                "CancelOTATaskByJob",
                {
                    "JobId": native,
                    "CancelScheduledTask": "true",
                    "CancelQueuedTask": "true",
                    "CancelNotifiedTask": "true",
                    "CancelInProgressTask": "true",
                    "CancelUnconfirmedTask": "false",
                },
            )
        ],
        more="otaJob { status taskCounts { canceled } }",
        shows={"otaJob": {"status": "CANCELED", "taskCounts": {"canceled": 3}}},
    )


@case(ALIBABA, "CancelOTAStrategyByJob", "CancelOTATaskByJob", mutation="cancelOtaJob")
async def cancel_dynamic_job(stage: Stage) -> Case:
    wire = {"SrcVersion.1": lights(stage).version}
    creation = alibaba_creation(stage, {"allDevices": True}, wire, policy="CONTINUOUS")
    job = (await stage.done("createOtaJob", creation.given, "otaJob { id nativeId }"))["otaJob"]
    return Case(
        mutation="cancelOtaJob",
        given={"id": job["id"], "queued": True, "notified": True, "membership": True},
        calls=[
            Call("CancelOTAStrategyByJob", {"JobId": job["nativeId"]}),
            Call(
                "CancelOTATaskByJob",
                {
                    "JobId": job["nativeId"],
                    "CancelScheduledTask": "false",
                    "CancelQueuedTask": "true",
                    "CancelNotifiedTask": "true",
                    "CancelInProgressTask": "false",
                },
            ),
        ],
        more="otaJob { status }",
        shows={"otaJob": {"status": "CANCELED"}},
    )


@case(ALIBABA, "CancelOTATaskByDevice", mutation="cancelTasks")
async def cancel_tasks_of_devices(stage: Stage) -> Case:
    target = lights(stage)
    job, native, names = await lights_job(stage)
    return Case(
        mutation="cancelTasks",
        given={"jobId": job, "devices": names[:2]},
        calls=[
            Call(
                "CancelOTATaskByDevice",
                {
                    "FirmwareId": target.firmware_id,
                    "ProductKey": target.product_key,
                    "JobId": native,
                    "DeviceName.1": names[0],
                    "DeviceName.2": names[1],
                },
            )
        ],
        more="otaJob { taskCounts { total canceled } }",
        shows={"otaJob": {"taskCounts": {"total": 3, "canceled": 2}}},
    )


@case(ALIBABA, "ReupgradeOTATask", mutation="retryTasks")
async def rerun_tasks(stage: Stage) -> Case:
    job, native, names = await lights_job(stage)
    await stage.done("cancelTasks", {"jobId": job, "devices": names})
    tasks, wire = await task_ids(stage, job)
    return Case(
        mutation="retryTasks",
        given={"jobId": job, "tasks": tasks},
        calls=[Call("ReupgradeOTATask", {"JobId": native, **wire})],
        more="otaJob { status taskCounts { canceled } }",
        shows={"otaJob": {"status": "IN_PROGRESS", "taskCounts": {"canceled": 0}}},
    )


@case(ALIBABA, "ConfirmOTATask", mutation="confirmTasks")
async def confirm_tasks(stage: Stage) -> Case:
    job, _, _ = await lights_job(stage, confirmationRequired=True)
    tasks, wire = await task_ids(stage, job)
    return Case(
        mutation="confirmTasks",
        given={"jobId": job, "tasks": tasks},
        calls=[Call("ConfirmOTATask", wire)],
        more="otaJob { taskCounts { awaitingConfirmation } }",
        shows={"otaJob": {"taskCounts": {"awaitingConfirmation": 0}}},
    )


def alibaba_package(stage: Stage) -> dict[str, Any]:
    return {
        "backend": "lights",
        "name": {"default": "lamp-2(a)"},
        "version": "9.0.1",
        "files": [FILE],
        "productKey": lights(stage).product_key,
        "verificationRequired": False,
    }


@case(ALIBABA, "GenerateOTAUploadURL", "CreateOTAFirmware", mutation="createFirmware")
async def firmware_of_one_file(stage: Stage) -> Case:
    given = alibaba_package(stage)
    return Case(
        mutation="createFirmware",
        given={
            **given,
            "description": "for the lamp",
            "deviceInfo": '{"n":1}',
            "checksum": {"method": "md5", "value": MD5},
        },
        calls=[
            Call("GenerateOTAUploadURL", {"FileSuffix": "bin"}),
            Call(
                "CreateOTAFirmware",
                {
                    "FirmwareName": "lamp-2(a)",
                    "DestVersion": "9.0.1",
                    "ProductKey": given["productKey"],
                    "Type": "0",
                    "NeedToVerify": "false",
                    "FirmwareDesc": "for the lamp",
                    "Udi": '{"n":1}',
                    "FirmwareUrl": ANY,
                    "SignMethod": "MD5",
                    "FirmwareSign": MD5,
                },
            ),
        ],
        more="firmware { version name { default } verification }",
        shows={
            "firmware": {
                "version": "9.0.1",
                "name": {"default": "lamp-2(a)"},
                "verification": "NOT_REQUIRED",
            }
        },
    )


@case(
    ALIBABA,
    "GenerateOTAUploadURL",
    "GenerateOTAUploadURL",
    "CreateOTAFirmware",
    mutation="createFirmware",
)
async def firmware_of_two_files(stage: Stage) -> Case:
    given = alibaba_package(stage)
    names = ("a.bin", "b.bin")
    files = [FILE | {"name": name} for name in names]
    sent: dict[str, Any] = {}
    for place, name in enumerate(names, start=1):
        sent |= {
            f"MultiFiles.{place}.Name": name,
            f"MultiFiles.{place}.Url": ANY,
            f"MultiFiles.{place}.Size": str(len(CONTENT)),
        }
    return Case(
        mutation="createFirmware",
        given={**given, "files": files},
        calls=[
            Call("GenerateOTAUploadURL", {"FileSuffix": "bin"}),
            Call("GenerateOTAUploadURL", {"FileSuffix": "bin"}),
            Call(
                "CreateOTAFirmware",
                {
                    "FirmwareName": "lamp-2(a)",
                    "DestVersion": "9.0.1",
                    "ProductKey": given["productKey"],
                    "Type": "0",
                    "NeedToVerify": "false",
                    **sent,
                },
            ),
        ],
        more="firmware { files { name sizeBytes } }",
        shows={
            "firmware": {"files": [{"name": name, "sizeBytes": len(CONTENT)} for name in names]}
        },
    )


@case(ALIBABA, "ModifyOTAFirmware", mutation="updateFirmware")
async def update_firmware(stage: Stage) -> Case:
    made = await stage.done(
        "createFirmware", alibaba_package(stage), "firmware { id nativeId productKey }"
    )
    firmware = made["firmware"]
    return Case(
        mutation="updateFirmware",
        given={
            "id": firmware["id"],
            "name": "lamp-3",
            "description": "renamed",
            "deviceInfo": "new",
        },
        calls=[
            Call(
                "ModifyOTAFirmware",
                {
                    "FirmwareId": firmware["nativeId"],
                    "ProductKey": firmware["productKey"],
                    "FirmwareName": "lamp-3",
                    "FirmwareDesc": "renamed",
                    "FirmwareUdi": "new",
                },
            )
        ],
        more="firmware { name { default } description }",
        shows={"firmware": {"name": {"default": "lamp-3"}, "description": "renamed"}},
    )


@case(ALIBABA, "DeleteOTAFirmware", mutation="deleteFirmware")
async def delete_alibaba_firmware(stage: Stage) -> Case:
    made = await stage.done("createFirmware", alibaba_package(stage), "firmware { id nativeId }")
    return Case(
        mutation="deleteFirmware",
        given={"id": made["firmware"]["id"]},
        calls=[Call("DeleteOTAFirmware", {"FirmwareId": made["firmware"]["nativeId"]})],
        more="firmware { version }",
        shows={"firmware": None},
    )


def module(stage: Stage, **more: object) -> dict[str, Any]:
    return {
        "backend": "lights",
        "productKey": lights(stage).product_key,
        "name": "camera-2",
        **more,
    }


@case(ALIBABA, "CreateOTAModule", mutation="createModule")
async def create_module(stage: Stage) -> Case:
    given = module(stage, alias="Camera", description="the eye")
    return Case(
        mutation="createModule",
        given=given,
        calls=[
            Call(
                "CreateOTAModule",
                {
                    "ProductKey": given["productKey"],
                    "ModuleName": "camera-2",
                    "AliasName": "Camera",
                    "Desc": "the eye",
                },
            )
        ],
        more="module { name alias }",
        shows={"module": {"name": "camera-2", "alias": "Camera"}},
    )


@case(ALIBABA, "UpdateOTAModule", mutation="updateModule")
async def update_module(stage: Stage) -> Case:
    await stage.done("createModule", module(stage, alias="Camera"))
    given = module(stage, alias="Kamera")
    return Case(
        mutation="updateModule",
        given=given,
        calls=[
            Call(
                "UpdateOTAModule",
                {
                    "ProductKey": given["productKey"],
                    "ModuleName": "camera-2",
                    "AliasName": "Kamera",
                },
            )
        ],
        more="module { alias }",
        shows={"module": {"alias": "Kamera"}},
    )


@case(ALIBABA, "DeleteOTAModule", mutation="deleteModule")
async def delete_module(stage: Stage) -> Case:
    await stage.done("createModule", module(stage))
    given = module(stage)
    return Case(
        mutation="deleteModule",
        given=given,
        calls=[
            Call("DeleteOTAModule", {"ProductKey": given["productKey"], "ModuleName": "camera-2"})
        ],
        more="module { name }",
        shows={"module": None},
    )
