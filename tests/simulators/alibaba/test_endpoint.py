"""The envelopes, and what is refused before an operation runs."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from gateway.simulators.alibaba import AlibabaSimulator
from gateway.simulators.alibaba.errors import InventedCodes
from tests.simulators.alibaba.caller import (
    HOST,
    INSTANCE,
    Caller,
    FakeClock,
    tiny_simulator,
)

DATA = Path(__file__).parent / "data"
DOCUMENTED: dict[str, Any] = json.loads((DATA / "errors.json").read_text("utf-8"))
PAGE = {"IotInstanceId": INSTANCE, "CurrentPage": "1", "PageSize": "1"}
ACTION = "ListOTAFirmware"


def outcome(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("Code", "OK")


async def test_success_says_so_and_carries_an_id(caller: Caller) -> None:
    answer = await caller.v3(ACTION, PAGE)
    body = answer.json()
    assert answer.status_code == 200
    assert body["Success"] is True
    assert body["RequestId"] == body["RequestId"].upper()
    assert len(body["RequestId"]) == 36
    assert not {"Code", "ErrorMessage"} & body.keys()


@pytest.mark.parametrize(
    ("name", "action", "parameters"),
    [
        ("gateway.MissingJobId", "QueryOTAJob", {}),
        ("gateway.MissingFirmwareId", "QueryOTAFirmware", {}),
        ("gateway.InvalidApi.NotFound", "QueryOTAjob", {}),
        ("business.FirmwareNotFound", "QueryOTAFirmware", {"FirmwareId": "none"}),
        ("business.InvalidPageParams", ACTION, {"CurrentPage": "0", "PageSize": "1"}),
    ],
)
async def test_a_refusal_is_the_documented_one(
    caller: Caller, name: str, action: str, parameters: dict[str, str]
) -> None:
    answer = await caller.v3(action, {"IotInstanceId": INSTANCE} | parameters)
    expected = DOCUMENTED[name]
    body = answer.json()
    assert answer.status_code == expected["_http_status"]
    assert body.keys() == expected["body"].keys()
    identity = body["RequestId"]
    moving = {"RequestId": identity}
    if "HostId" in body:
        code = expected["body"]["Code"]
        moving |= {
            "HostId": HOST,
            "Recommend": "https://api.aliyun.com/troubleshoot"
            f"?q={code}&product=Iot&requestId={identity}",
        }
    assert body == expected["body"] | moving


@pytest.mark.parametrize("instance", [None, "", "iot-other"])
async def test_the_instance_must_be_given_and_right(caller: Caller, instance: str | None) -> None:
    parameters = {"CurrentPage": "1", "PageSize": "1"}
    if instance is not None:
        parameters["IotInstanceId"] = instance
    answer = await caller.v3(ACTION, parameters)
    expected = DOCUMENTED["business.InstanceNotFound"]["body"]
    assert answer.status_code == 200
    assert answer.json() == expected | {"RequestId": answer.json()["RequestId"]}


async def test_an_unknown_action_version_path_or_method_is_not_found(caller: Caller) -> None:
    missing = (404, "InvalidApi.NotFound")
    assert outcome(await caller.v3("CreateOTAFirmwares", PAGE)) == missing
    assert outcome(await caller.v1("listOTAFirmware", PAGE)) == missing
    assert outcome(await caller.v1(ACTION, PAGE, fields={"Version": "2018-01-21"})) == missing
    older = {"x-acs-version": "2016-01-04"}
    assert outcome(await caller.v3(ACTION, PAGE, headers=dict(older))) == missing
    assert outcome(await caller.v3(ACTION, PAGE, path="/api")) == missing
    assert outcome(await caller.v3("ListOTAModuleByProduct", PAGE, method="POST")) == missing


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_unsupported(caller: Caller, method: str) -> None:
    answer = await caller.v3(ACTION, PAGE, method=method)
    assert outcome(answer) == (400, "UnsupportedHTTPMethod")


async def test_action_and_version_are_mandatory(caller: Caller) -> None:
    answer = await caller.v1(ACTION, PAGE, fields={"Action": None})
    assert outcome(answer) == (400, "MissingAction")
    answer = await caller.v3(ACTION, PAGE, headers={"x-acs-version": None})
    assert outcome(answer) == (400, "MissingVersion")


async def test_a_parameter_of_the_wrong_type_is_refused(caller: Caller) -> None:
    answer = await caller.v3(ACTION, PAGE | {"CurrentPage": "one"})
    assert outcome(answer) == (400, "InvalidCurrentPage")
    assert "CurrentPage" in answer.json()["Message"]


async def test_a_region_must_be_the_endpoints_own(caller: Caller) -> None:
    assert outcome(await caller.v1(ACTION, PAGE | {"RegionId": "cn-shanghai"})) == (200, "OK")
    answer = await caller.v1(ACTION, PAGE | {"RegionId": "cn-beijing"})
    assert outcome(answer) == (400, "InvalidRegionId")


async def test_unknown_parameters_are_refused_unless_told_otherwise(
    caller: Caller, clock: FakeClock
) -> None:
    odd = PAGE | {"pageSize": "1"}
    answer = await caller.v3(ACTION, odd)
    assert outcome(answer) == (400, InventedCodes().unknown_parameter)
    assert "pageSize" in answer.json()["Message"]
    lenient = Caller(tiny_simulator(clock=clock, refuse_unknown=False), clock)
    assert outcome(await lenient.v3(ACTION, odd)) == (200, "OK")


async def test_invented_codes_can_be_replaced(clock: FakeClock) -> None:
    codes = InventedCodes(job_not_found="iot.ota.Gone")
    body = await Caller(tiny_simulator(clock=clock, invented_codes=codes), clock).ask(
        "QueryOTAJob", JobId="none"
    )
    assert (body["Success"], body["Code"]) == (False, "iot.ota.Gone")


async def test_a_form_body_counts_only_where_it_is_accepted(
    caller: Caller, clock: FakeClock
) -> None:
    form = {"CurrentPage": "1", "PageSize": "1"}
    query = {"IotInstanceId": INSTANCE}
    answer = await caller.v1(ACTION, query, form=form)
    assert outcome(answer) == (400, InventedCodes().body_not_read)
    accepting = Caller(tiny_simulator(clock=clock, accept_form_bodies=True), clock)
    assert outcome(await accepting.v1(ACTION, query, form=form)) == (200, "OK")
    answer = await accepting.v3(
        ACTION,
        query,
        body=b"CurrentPage=1&PageSize=1",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert outcome(answer) == (200, "OK")


@pytest.mark.parametrize("word", ["XML", "xml", None])
async def test_v1_answers_in_xml_unless_json_is_asked_for(caller: Caller, word: str | None) -> None:
    refused = await caller.v1("QueryOTAJob", PAGE, fields={"Format": word}, secret="a<b")
    error = ET.fromstring(refused.text)  # noqa: S314 - written by the simulator in this process
    assert refused.headers["content-type"].startswith("text/xml")
    assert error.tag == "Error"
    assert error.findtext("Code") == "SignatureDoesNotMatch"
    assert error.findtext("HostId") == HOST
    answer = await caller.v1(ACTION, PAGE, fields={"Format": word})
    root = ET.fromstring(answer.text)  # noqa: S314 - as above
    assert root.tag == "ListOTAFirmwareResponse"
    assert root.findtext("Success") == "true"
    assert root.findtext("Total") == "12"
    assert root.find("FirmwareInfo/SimpleFirmwareInfo/FirmwareId") is not None


async def test_v1_knows_json_in_any_case_and_nothing_else(caller: Caller) -> None:
    assert outcome(await caller.v1(ACTION, PAGE, fields={"Format": "json"})) == (200, "OK")
    answer = await caller.v1(ACTION, PAGE, fields={"Format": "YAML"})
    assert outcome(answer) == (400, "InvalidParameter.Format")


async def test_every_arrival_is_logged_with_its_outcome(
    simulator: AlibabaSimulator, caller: Caller, clock: FakeClock
) -> None:
    await caller.v3(ACTION, PAGE)
    clock.advance(2)
    await caller.v3("Nothing", PAGE)
    await caller.v3(ACTION, {"CurrentPage": "1", "PageSize": "1"})
    assert [(call.operation, call.code) for call in simulator.calls] == [
        (ACTION, "OK"),
        ("Nothing", "InvalidApi.NotFound"),
        (ACTION, "iot.system.InstanceNotFound"),
    ]
    first, second, _ = simulator.calls
    assert second.at_s - first.at_s == 2
