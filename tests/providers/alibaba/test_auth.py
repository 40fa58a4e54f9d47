"""Signatures against the vendor's worked examples, and requests as they are sent."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from gateway.providers.alibaba.auth import (
    RequestSigner,
    encode_query,
    new_nonce,
    percent_encode,
    v1_signature,
    v1_string_to_sign,
    v3_authorization,
    v3_canonical_request,
)
from gateway.providers.alibaba.config import AlibabaSettings
from gateway.transport.request import Request

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "signature_vectors.json").read_text()
)["vectors"]
V1 = [pytest.param(v, id=v["name"]) for v in VECTORS if v["scheme"].startswith("V1")]
V3 = [pytest.param(v, id=v["name"]) for v in VECTORS if v["scheme"].startswith("V3")]
CONTRACT = Path(__file__).parents[2] / "contract" / "alibaba"

NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
NONCE = "5e3b6e4f0c1d4a2b9f8e7d6c5b4a3f21"
PARAMETERS = {"JobId": "wahVIzGkCMuAUE2gDERM020100", "IotInstanceId": "iot-06z00frq8umvkx2"}


def signed(operation: str, parameters: Mapping[str, str], **settings: object) -> Request:
    account = AlibabaSettings.model_validate(
        {"access_key_id": "testAccessKeyId", "access_key_secret": "testAccessKeySecret"} | settings
    )
    return RequestSigner(account, clock=lambda: NOW, nonce=lambda: NONCE).sign(
        operation, parameters
    )


def vector(name: str) -> dict[str, Any]:
    return next(v for v in VECTORS if v["name"] == name)


def test_all_nine_vectors_are_here() -> None:
    assert (len(V1), len(V3)) == (5, 4)


@pytest.mark.parametrize("v", V1)
def test_v1_vector(v: dict[str, Any]) -> None:
    assert encode_query(v["params"]) == v["canonicalized_query_string"]
    assert v1_string_to_sign(v["method"], v["params"]) == v["string_to_sign"]
    signature = v1_signature(
        method=v["method"], parameters=v["params"], secret=v["access_key_secret"]
    )
    assert signature == v["signature"]


@pytest.mark.parametrize("v", V3)
def test_v3_vector(v: dict[str, Any]) -> None:
    request = {
        "method": v["method"],
        "query": v["query"],
        "headers": v["headers"],
        "body": v["body"].encode(),
    }
    assert v3_canonical_request(**request) == v["canonical_request"]
    authorization = v3_authorization(
        **request, access_key_id=v["access_key_id"], secret=v["access_key_secret"]
    )
    assert authorization == v["authorization"]


def test_encoding_follows_rfc_3986() -> None:
    assert percent_encode("a b+*~/=&值-_.") == "a%20b%2B%2A~%2F%3D%26%E5%80%BC-_."


def test_v3_request_carries_the_signature_of_the_vector() -> None:
    request = signed("QueryOTAJob", PARAMETERS)
    expected = vector("v3-query-ota-job-minimal-headers")
    assert request.headers["authorization"] == expected["authorization"]
    assert request.method == "POST"
    assert request.path == "/"
    assert request.content is None
    assert request.query == ("IotInstanceId=iot-06z00frq8umvkx2&JobId=wahVIzGkCMuAUE2gDERM020100")
    assert dict(request.headers) == expected["headers"] | {
        "accept": "application/json",
        "authorization": expected["authorization"],
    }


def test_v3_get_is_used_where_post_is_refused() -> None:
    request = signed("ListOTAModuleByProduct", {"ProductKey": "a1uctKe0001"})
    assert request.method == "GET"
    assert request.headers["authorization"] == vector("v3-list-module-get")["authorization"]


def test_v1_request_carries_the_signature_of_the_vector() -> None:
    request = signed("QueryOTAJob", PARAMETERS, signature="v1")
    expected = vector("v1-query-ota-job-post")
    sent = dict(parse_qsl(request.query))
    assert sent.pop("Signature") == expected["signature"]
    assert sent == expected["params"]
    assert request.content is None


def test_v1_signs_the_method() -> None:
    request = signed("ListOTAModuleByProduct", {"ProductKey": "a1"}, signature="v1")
    sent = dict(parse_qsl(request.query))
    signature = sent.pop("Signature")
    assert request.method == "GET"
    assert signature == v1_signature(method="GET", parameters=sent, secret="testAccessKeySecret")


def test_a_temporary_token_is_sent_and_signed_by_v3() -> None:
    headers = signed("QueryOTAJob", PARAMETERS, security_token="stsToken").headers
    assert headers["x-acs-security-token"] == "stsToken"
    assert headers["x-acs-accesskey-id"] == "testAccessKeyId"
    assert "x-acs-accesskey-id" in headers["authorization"]
    assert "x-acs-security-token" in headers["authorization"]


def test_a_temporary_token_is_sent_and_signed_by_v1() -> None:
    request = signed("QueryOTAJob", PARAMETERS, security_token="stsToken", signature="v1")
    sent = dict(parse_qsl(request.query))
    assert sent["SecurityToken"] == "stsToken"
    signature = sent.pop("Signature")
    assert signature == v1_signature(method="POST", parameters=sent, secret="testAccessKeySecret")


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://iot-vpc.cn-beijing.aliyuncs.com:443", "iot-vpc.cn-beijing.aliyuncs.com"),
        ("https://IOT.Example.org/", "iot.example.org"),
        ("http://[::1]:9000", "[::1]:9000"),
    ],
)
def test_the_signed_host_is_the_one_that_is_sent(endpoint: str, host: str) -> None:
    assert signed("QueryOTAJob", PARAMETERS, endpoint=endpoint).headers["host"] == host


def test_times_are_sent_in_utc() -> None:
    account = AlibabaSettings.model_validate({"access_key_id": "a", "access_key_secret": "b"})
    east = NOW.astimezone(timezone(timedelta(hours=8)))
    request = RequestSigner(account, clock=lambda: east).sign("QueryOTAJob", {})
    assert request.headers["x-acs-date"] == "2026-01-15T08:30:00Z"


@pytest.mark.parametrize("scheme", ["v1", "v3"])
def test_every_attempt_is_signed_anew(scheme: str) -> None:
    account = AlibabaSettings.model_validate(
        {"access_key_id": "a", "access_key_secret": "b", "signature": scheme}
    )
    signer = RequestSigner(account, clock=lambda: NOW)
    first, second = (signer.sign("QueryOTAJob", PARAMETERS) for _ in range(2))
    assert first != second


def test_every_nonce_is_new() -> None:
    assert len({new_nonce() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.name) for p in sorted(CONTRACT.glob("*.request.json"))]
)
def test_documented_requests_are_sent_parameter_by_parameter(path: Path) -> None:
    documented = json.loads(path.read_text())
    business = {
        name: value
        for name, value in documented.items()
        if name not in {"Action", "Version", "Format"}
    }
    sent = dict(parse_qsl(signed(documented["Action"], business, signature="v1").query))
    assert documented.items() <= sent.items()
