"""Out of the envelope, item by item."""

import json

import pytest

from gateway.domain.errors import (
    NotFoundError,
    ProviderAuthError,
    ProviderContractError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderUnavailableError,
)
from gateway.domain.paging import BrokenItem, PageRequest
from gateway.providers.alibaba.reply import ListReply, Received, read_list, read_object
from gateway.providers.alibaba.wire import JobInfo
from gateway.transport.request import Reply


def reply(body: object, status: int = 200) -> Reply:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers={}, body=text)


def read_job(body: object, status: int = 200) -> Received[JobInfo]:
    return read_object(reply(body, status), JobInfo, field="Data", looked_up="job")


def read_jobs(body: object, status: int = 200, *, number: int = 1) -> ListReply[JobInfo]:
    return read_list(
        reply(body, status),
        JobInfo,
        field="Data",
        wrapper="SimpleOTAJobInfo",
        page=PageRequest(number=number, size=10),
    )


def test_an_object_keeps_what_it_was_read_from() -> None:
    received = read_job({"Success": True, "Data": {"JobId": "j", "Surplus": [1]}})
    assert received.info.job_id == "j"
    assert received.raw == {"JobId": "j", "Surplus": [1]}


@pytest.mark.parametrize("success", [True, "true", "True", 1])
def test_success_in_its_spellings(success: object) -> None:
    assert read_job({"Success": success, "Data": {"JobId": "j"}}).info.job_id == "j"


def test_an_empty_code_beside_success_is_no_failure() -> None:
    body = {"code": "", "requestId": "R", "success": True, "data": {"JobId": "j"}}
    assert read_job(body).info.job_id == "j"


def test_look_alike_failures_are_read() -> None:
    with pytest.raises(ProviderRejectedError) as caught:
        read_jobs({"code": "iot.ota.X", "requestId": "R-9", "success": False})
    assert (caught.value.vendor_code, caught.value.request_id) == ("iot.ota.X", "R-9")


@pytest.mark.parametrize("data", [None, "", {}])
def test_success_without_an_object_is_not_found(data: object) -> None:
    with pytest.raises(NotFoundError):
        read_job({"Success": True, "Data": data})


def test_success_without_the_field_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        read_job({"Success": True})


@pytest.mark.parametrize("data", ["job", 7, ["job"]])
def test_something_else_than_an_object_breaks_the_contract(data: object) -> None:
    with pytest.raises(ProviderContractError, match="Data"):
        read_job({"Success": True, "Data": data})


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        ({"JobStatus": "PLANNED"}, "JobId is missing"),
        ({"JobId": ""}, "JobId is missing"),
        ({"JobId": "j", "RetryCount": {}}, "RetryCount is not readable"),
        ({"JobId": "j", "Tags": "none"}, "Tags is not readable"),
        ({"JobId": "j", "Tags": {"OtaTagDTO": [{"Key": []}]}}, "Tags.Key is not readable"),
    ],
)
def test_an_unreadable_object_names_its_field(job: object, reason: str) -> None:
    with pytest.raises(ProviderContractError, match=reason):
        read_job({"Success": True, "Data": job})


@pytest.mark.parametrize("status", [200, 400, 404, 500, 503])
def test_a_business_failure_counts_whatever_the_status(status: int) -> None:
    body = {"Success": False, "Code": "iot.ota.X", "ErrorMessage": "m", "RequestId": "R-1"}
    with pytest.raises(ProviderRejectedError):
        read_jobs(body, status)
    with pytest.raises(ProviderAuthError):
        read_jobs(body | {"Code": "iot.common.RamActionPermissionDeny"}, status)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 200, ProviderContractError),
        (b"<html>", 200, ProviderContractError),
        (b"<html>", 502, ProviderUnavailableError),
        (b"", 503, ProviderUnavailableError),
        (b"slow down", 429, ProviderRateLimitedError),
        (b"no", 403, ProviderAuthError),
        (b"no", 401, ProviderAuthError),
        (b"moved", 302, ProviderContractError),
        (b"gone", 404, ProviderContractError),
        ([], 200, ProviderContractError),
        ({}, 200, ProviderContractError),
        ({"Data": {}}, 200, ProviderContractError),
        ({"Success": None}, 500, ProviderUnavailableError),
        ({"Success": True, "Data": {}}, 500, ProviderUnavailableError),
        ({"Success": False}, 200, ProviderRejectedError),
        ({"Success": False}, 500, ProviderUnavailableError),
        ({"Success": [], "Data": {}}, 200, ProviderContractError),
        ({"Code": {"a": 1}}, 503, ProviderUnavailableError),
    ],
)
def test_what_is_no_envelope_goes_by_the_status(
    body: object, status: int, error: type[ProviderError]
) -> None:
    with pytest.raises(error) as caught:
        read_jobs(body, status)
    assert caught.type is error


def test_a_page_of_html_is_not_shown() -> None:
    with pytest.raises(ProviderError) as caught:
        read_jobs(b"<html>secret-page</html>", 502)
    assert "secret-page" not in str(caught.value)


def test_broken_items_do_not_hide_the_others() -> None:
    items = [{"JobId": "a"}, {"JobId": "b", "UtcCreate": []}, None, {"JobId": 5}, {}, "x"]
    found = read_jobs({"Success": True, "Total": 6, "Data": {"SimpleOTAJobInfo": items}})
    assert [item.info.job_id for item in found.items] == ["a", "5"]
    assert found.broken == (
        BrokenItem(index=1, native_id="b", reason="UtcCreate is not readable"),
        BrokenItem(index=2, native_id=None, reason="it is not an object"),
        BrokenItem(index=4, native_id=None, reason="JobId is missing"),
        BrokenItem(index=5, native_id=None, reason="it is not an object"),
    )
    assert found.total == 6


@pytest.mark.parametrize("data", [None, "", {}, [], {"SimpleOTAJobInfo": None}])
@pytest.mark.parametrize("total", [0, None])
def test_no_list_is_an_empty_one(data: object, total: int | None) -> None:
    found = read_jobs({"Success": True, "Data": data, "Total": total})
    assert (found.items, found.broken, found.total) == ((), (), total)


def test_a_list_left_out_breaks_the_contract_where_items_are_counted() -> None:
    with pytest.raises(ProviderContractError, match="counts 11 items"):
        read_jobs({"Success": True, "Total": 11})
    with pytest.raises(ProviderContractError):
        read_jobs({"Success": True, "Total": 11}, number=2)
    assert read_jobs({"Success": True, "Total": 11}, number=3).items == ()


@pytest.mark.parametrize("data", ["jobs", 3, True, {"Other": []}, {"SimpleOTAJobInfo": "jobs"}])
def test_another_container_breaks_the_contract(data: object) -> None:
    with pytest.raises(ProviderContractError, match="no list in Data"):
        read_jobs({"Success": True, "Data": data})
