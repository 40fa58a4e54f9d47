"""The documents the gateway was made for, from the wire to the answer."""

from typing import Any, Final

import pytest

from tests.end_to_end.gateway_under_test import running_gateway
from tests.end_to_end.scripted_cloud import ScriptedCloud, document, replying

TOKEN: Final = replying({"status": 0, "data": {"accessToken": "enos-token", "expire": 7200}})

JOB: Final = """
query Job($backend: String!, $id: String!) {
  otaJob(by: { native: { backend: $backend, nativeId: $id } }) {
    nativeId backend { name provider } name { default translations { locale } } description
    status rawStatus type rawType policy rawPolicy productKey
    firmware { nativeId }
    timeoutSeconds retryPolicy { count intervalSeconds }
    schedule { startsAt } pace { maxConcurrent maxPerMinute }
    overwriteMode downloadProtocol confirmationRequired pushEnabled deviceRequestEnabled
    multiModule createdAt updatedAt startedAt endedAt
    scope {
      sourceVersions productKey
      target { __typename ... on ListedDevices { names } }
    }
    availableActions raw freshness { source }
  }
}
"""


async def enos_job(reply: object) -> Any:  # noqa: ANN401 - any JSON
    cloud = ScriptedCloud({"get": TOKEN, "ota-jobs.get": replying(reply)})
    async with running_gateway({"grid": cloud}) as gateway:
        found = (await gateway.read(JOB, backend="grid", id="yourJobId"))["otaJob"]
    assert cloud.called == ["get", "ota-jobs.get"]
    return found


async def alibaba_job(reply: object) -> Any:  # noqa: ANN401 - any JSON
    cloud = ScriptedCloud({"QueryOTAJob": replying(reply)})
    async with running_gateway({"lights": cloud}) as gateway:
        data = await gateway.read(JOB, backend="lights", id="HvKuBpuk3rdk6E92CP****0200")
    assert cloud.called == ["QueryOTAJob"]
    return data["otaJob"]


async def test_enos_get_job() -> None:
    reply = document("enos_get_job")
    assert await enos_job(reply) == {
        "nativeId": "yourJobId",
        "backend": {"name": "grid", "provider": "enos"},
        "name": {"default": "name", "translations": []},
        "description": None,
        "status": "IN_PROGRESS",
        "rawStatus": "started",
        "type": "UPGRADE",
        "rawType": "upgrade",
        "policy": None,
        "rawPolicy": None,
        "productKey": "yourProductKey",
        "firmware": {"nativeId": "5ed0dd4a646542001b3d113f"},
        "timeoutSeconds": None,
        "retryPolicy": None,
        "schedule": None,
        "pace": None,
        "overwriteMode": None,
        "downloadProtocol": None,
        "confirmationRequired": None,
        "pushEnabled": None,
        "deviceRequestEnabled": True,
        "multiModule": None,
        "createdAt": "2020-06-03T08:01:14.788Z",
        "updatedAt": None,
        "startedAt": None,
        "endedAt": None,
        "scope": {
            "sourceVersions": ["1.0"],
            "productKey": None,
            "target": {"__typename": "AllDevices"},
        },
        "availableActions": ["STOP", "RETRY_TASKS", "CANCEL_TASKS"],
        "raw": reply["data"],
        "freshness": {"source": "LIVE"},
    }


async def test_alibaba_query_ota_job() -> None:
    reply = document("alibaba_QueryOTAJob")
    assert await alibaba_job(reply) == {
        "nativeId": "HvKuBpuk3rdk6E92CP****0200",
        "backend": {"name": "lights", "provider": "alibaba"},
        "name": {"default": "firmware2", "translations": []},
        "description": "batch upgrade",
        "status": "IN_PROGRESS",
        "rawStatus": "IN_PROGRESS",
        "type": "UPGRADE",
        "rawType": "UPGRADE_FIRMWARE",
        "policy": "SNAPSHOT",
        "rawPolicy": "STATIC",
        "productKey": "a19mzPZ****",
        "firmware": {"nativeId": "UfuxnwygsuSkVE0VCN****0100"},
        "timeoutSeconds": 300,
        "retryPolicy": {"count": 1, "intervalSeconds": 3600},
        "schedule": None,
        "pace": {"maxConcurrent": None, "maxPerMinute": 1000},
        "overwriteMode": "KEEP_EXISTING",
        "downloadProtocol": "HTTPS",
        "confirmationRequired": True,
        "pushEnabled": False,
        "deviceRequestEnabled": None,
        "multiModule": True,
        "createdAt": "2019-12-28T02:43:10.000Z",
        "updatedAt": "2019-12-28T02:43:10.000Z",
        "startedAt": "2019-12-28T02:43:10.000Z",
        "endedAt": "2019-12-29T02:43:10.000Z",
        "scope": {
            "sourceVersions": ["1.0.0"],
            "productKey": None,
            "target": {"__typename": "ListedDevices", "names": None},
        },
        "availableActions": ["CANCEL", "UPDATE", "RETRY_TASKS", "CANCEL_TASKS", "CONFIRM_TASKS"],
        "raw": reply["Data"],
        "freshness": {"source": "LIVE"},
    }


async def test_both_words_for_all_devices_are_the_same_target() -> None:
    reply = document("alibaba_QueryOTAJob")
    reply["Data"]["TargetSelection"] = "ALL"
    targets = [
        (await alibaba_job(reply))["scope"]["target"],
        (await enos_job(document("enos_get_job")))["scope"]["target"],
    ]
    assert targets == [{"__typename": "AllDevices"}] * 2


async def test_alibaba_list_ota_job_by_device() -> None:
    reply = document("alibaba_ListOTAJobByDevice")
    package = "FJFx8JzpnhpIsKftRjjm03****"
    catalogue = {
        "Success": True,
        "FirmwareInfo": {
            "SimpleFirmwareInfo": [
                {
                    "FirmwareId": package,
                    "FirmwareName": "firmware2",
                    "DestVersion": "1.0.1",
                    "ProductKey": "a19mzPZ****",
                    "Status": 1,
                    "Type": 0,
                },
                {"FirmwareId": "other", "ProductKey": "another product"},
            ]
        },
        "Total": 2,
    }
    cloud = ScriptedCloud(
        {"ListOTAFirmware": replying(catalogue), "ListOTAJobByDevice": replying(reply)}
    )
    async with running_gateway({"lights": cloud}) as gateway:
        data = await gateway.read(
            """query Jobs($device: DeviceFilter!) { otaJobs(filter: { device: $device }) {
                 totalCount
                 edges { node {
                   nativeId name { default } status type policy productKey
                   createdAt updatedAt startedAt endedAt
                   scope { target { __typename ... on ListedDevices { names } } }
                   firmware { nativeId version }
                 } }
                 sources { outcome totalCount error { code } }
               } }""",
            device={"productKey": "a19mzPZ****", "name": "light1"},
        )
    assert data["otaJobs"] == {
        "totalCount": 1,
        "edges": [
            {
                "node": {
                    "nativeId": "HvKuBpuk3rdk6E92CPQN02****",
                    "name": {"default": "firmware2"},
                    "status": "IN_PROGRESS",
                    "type": "UPGRADE",
                    "policy": "SNAPSHOT",
                    "productKey": "a19mzPZ****",
                    "createdAt": "2019-12-28T02:43:10.000Z",
                    "updatedAt": "2019-12-28T02:43:10.000Z",
                    "startedAt": "2019-12-28T02:43:10.000Z",
                    "endedAt": None,
                    "scope": {"target": {"__typename": "ListedDevices", "names": None}},
                    "firmware": {"nativeId": package, "version": "1.0.1"},
                }
            }
        ],
        "sources": [{"outcome": "LIVE", "totalCount": 1, "error": None}],
    }
    assert cloud.called == ["ListOTAFirmware", "ListOTAJobByDevice"]


SIGNED: Final = "https://bucket.test/a.bin?Expires=1&OSSAccessKeyId=k&Signature=s"


@pytest.mark.parametrize("secret", ["signature", "apim-accesstoken"])
async def test_raw_of_enos_is_the_object_without_its_secrets(secret: str) -> None:
    reply = document("enos_get_job")
    clean = dict(reply["data"])
    reply["data"] |= {secret: "hidden", "download": SIGNED}
    assert (await enos_job(reply))["raw"] == clean


async def test_raw_of_alibaba_is_the_object_without_its_secrets() -> None:
    reply = document("alibaba_QueryOTAJob")
    clean = dict(reply["Data"])
    reply["Data"] |= {"AccessKeySecret": "hidden", "FirmwareUrl": SIGNED, "Other": SIGNED}
    assert (await alibaba_job(reply))["raw"] == clean
