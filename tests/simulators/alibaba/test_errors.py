"""Codes, statuses and texts of refusals, against the documented ones."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from gateway.simulators.alibaba import errors

DOCUMENTED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "errors.json").read_text("utf-8")
)
GATEWAY = {
    "InvalidAccessKeyId.NotFound": errors.unknown_access_key(),
    "InvalidApi.NotFound": errors.api_not_found(),
    "InternalError": errors.server_failed(HTTPStatus.INTERNAL_SERVER_ERROR),
    "ServiceUnavailable": errors.server_failed(HTTPStatus.SERVICE_UNAVAILABLE),
    "InvalidTimeStamp.Expired": errors.expired_timestamp(),
    "MissingFirmwareId": errors.missing("FirmwareId"),
    "MissingJobId": errors.missing("JobId"),
    "SignatureDoesNotMatch": errors.signature_mismatch(
        "POST&%2F&AccessKeyId%3DtestAccessKeyId%26Action%3DQueryOTAJob"
    ),
    "SignatureNonceUsed": errors.nonce_used(),
    "Throttling.User": errors.throttled(None),
}
BUSINESS = {
    "FirmwareNotFound": errors.firmware_not_found(),
    "InstanceNotFound": errors.instance_not_found(),
    "InvalidPageParams": errors.invalid_page(),
}


def test_every_documented_sample_is_compared_with() -> None:
    names = {f"gateway.{name}" for name in GATEWAY} | {f"business.{name}" for name in BUSINESS}
    assert names == DOCUMENTED.keys()


@pytest.mark.parametrize("name", GATEWAY)
def test_a_refusal_of_the_gateway_is_as_documented(name: str) -> None:
    problem, sample = GATEWAY[name], DOCUMENTED[f"gateway.{name}"]
    assert problem.status == sample["_http_status"]
    assert (problem.code, problem.message) == (sample["body"]["Code"], sample["body"]["Message"])


@pytest.mark.parametrize("name", BUSINESS)
def test_a_refusal_of_the_product_is_as_documented(name: str) -> None:
    problem, body = BUSINESS[name], DOCUMENTED[f"business.{name}"]["body"]
    assert (problem.code, problem.message) == (body["Code"], body["ErrorMessage"])
