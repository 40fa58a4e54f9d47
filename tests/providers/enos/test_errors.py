"""How answers are judged: by their envelope first, then by their status."""

import json
import re

import pytest

from gateway.domain.errors import (
    GatewayError,
    NotFoundError,
    ProviderAuthError,
    ProviderContractError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderUnavailableError,
)
from gateway.providers.enos.envelope import open_envelope
from gateway.providers.enos.errors import ExpiredTokenError
from gateway.transport.request import Reply

from .conftest import APP_SECRET, ok, refused


def opened(body: object, status: int = 200, **headers: str) -> object:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return open_envelope(Reply(status=status, headers=headers, body=content)).data


def failure(body: object, status: int = 200, **headers: str) -> GatewayError:
    with pytest.raises(GatewayError) as raised:
        opened(body, status, **headers)
    return raised.value


@pytest.mark.parametrize("status", [200, 403, 500])
def test_a_success_is_a_success_under_any_status(status: int) -> None:
    assert opened(ok({"a": 1}), status) == {"a": 1}


@pytest.mark.parametrize("code", [0, "0"])
@pytest.mark.parametrize("field", ["code", "status", "apim_status"])
def test_the_code_has_three_names_and_may_be_text(field: str, code: object) -> None:
    assert opened({field: code, "data": 7}) == 7


@pytest.mark.parametrize("field", ["code", "status", "apim_status"])
@pytest.mark.parametrize("code", [1203, 4011, 4012, "1203"])
def test_an_expired_token_is_seen_under_each_name(field: str, code: int) -> None:
    error = failure(refused(code, field=field))
    assert isinstance(error, ExpiredTokenError)
    assert error.vendor_code == str(code)


def test_a_refusal_beside_a_success_code_counts() -> None:
    assert isinstance(failure({"code": 0, "apim_status": 4011}), ExpiredTokenError)


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", {}, [], "no", {"code": None}, {"x": 1}])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, ProviderContractError),
        (302, ProviderContractError),
        (400, ProviderContractError),
        (401, ExpiredTokenError),
        (403, ProviderAuthError),
        (429, ProviderRateLimitedError),
        (500, ProviderUnavailableError),
        (503, ProviderUnavailableError),
    ],
)
def test_without_an_envelope_the_status_decides(
    body: object, status: int, expected: type[ProviderError]
) -> None:
    assert type(failure(body, status)) is expected


def test_a_code_that_is_none_of_enos_s_leaves_the_word_to_the_status() -> None:
    body = {"timestamp": "now", "status": 503, "error": "Service Unavailable"}
    assert isinstance(failure(body, 503), ProviderUnavailableError)
    assert isinstance(failure({"code": 555}, 401), ExpiredTokenError)


def test_an_unknown_code_is_a_refusal_whose_text_is_not_repeated() -> None:
    error = failure(refused(31337, f"signed {APP_SECRET}"))
    assert isinstance(error, ProviderRejectedError)
    assert (error.vendor_code, error.request_id) == ("31337", "r-2")
    assert APP_SECRET not in error.message


@pytest.mark.parametrize("code", [1001, 1002, 1003, 1004, 1005, 1202, 1203, 1204, 4011, 4012])
def test_texts_of_token_errors_are_not_repeated(code: int) -> None:
    assert APP_SECRET not in failure(refused(code, APP_SECRET, field="status")).message


def test_wrong_keys_name_the_setting_to_check() -> None:
    assert "app_key" in failure(refused(1002)).message
    assert "app_secret" in failure(refused(1003)).message
    assert "org_id" in failure(refused(99403)).message


@pytest.mark.parametrize(
    "text",
    [
        f"apim-accesstoken: {APP_SECRET}",
        f"see https://apim.example.com/?sig={APP_SECRET}",
        f"appKey {APP_SECRET} is wrong",
        f"Authorization {APP_SECRET}",
        f"encryption={APP_SECRET}",
    ],
)
@pytest.mark.parametrize("code", [99400, 24404])
def test_a_text_that_may_echo_the_request_is_not_repeated(code: int, text: str) -> None:
    assert APP_SECRET not in failure(refused(code, text)).message


def test_a_harmless_text_is_kept_short_and_in_one_line() -> None:
    error = failure(refused(99400, "Invalid\r\n\x1bArgument " + "x" * 500))
    assert "Invalid Argument xxx" in error.message
    assert len(error.message) < 300
    assert not re.search(r"[\x00-\x1f]", error.message)


def test_not_found_keeps_what_was_not_found() -> None:
    error = failure(refused(24404, "Job not found"))
    assert isinstance(error, NotFoundError)
    assert "Job not found" in error.message


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None)])
def test_a_throttled_answer_says_when_to_come_back(header: str, seconds: float | None) -> None:
    error = failure(b"", 429, **{"retry-after": header})
    assert error.retry_after_s == seconds


@pytest.mark.parametrize("request_id", [7, "", "a\nb", "x" * 101, None])
def test_an_odd_request_id_is_left_out(request_id: object) -> None:
    error = failure({"code": 99500, "requestId": request_id})
    assert isinstance(error, ProviderError)
    assert error.request_id is None


@pytest.mark.parametrize(
    ("pagination", "total"),
    [
        ({"totalSize": 3}, 3),
        ({"totalSize": "3"}, 3),
        ({"totalSize": -1}, None),
        ({"totalSize": True}, None),
        ({"totalSize": None}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_totals(pagination: object, total: int | None) -> None:
    body = json.dumps({"code": 0, "data": [], "pagination": pagination}).encode()
    assert open_envelope(Reply(status=200, headers={}, body=body)).total == total
