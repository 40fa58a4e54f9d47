"""Errors as callers see them: coded, named, and never with our insides."""

import logging
from typing import Any

import pytest

from gateway.domain.errors import (
    BudgetExhaustedError,
    ConflictError,
    DeadlineExceededError,
    GatewayError,
    ProviderAuthError,
    ProviderContractError,
    ProviderTimeoutError,
)
from tests.schema.fake_cloud import FakeCloud
from tests.schema.samples import job
from tests.schema.world import Answer, running_world

JOB = '{ otaJob(by: { native: { backend: "plant", nativeId: "job-1" } }) { status } }'


async def failing(error: Exception) -> Answer:
    async with running_world({"plant": FakeCloud(failures={"get_job": error})}) as world:
        return await world.ask(JOB)


@pytest.mark.parametrize(
    ("error", "extensions"),
    [
        (
            ProviderAuthError(
                "not let in",
                backend="plant",
                operation="getJob",
                vendor_code="99403",
                request_id="r-1",
            ),
            {
                "code": "PROVIDER_AUTH",
                "retryable": False,
                "backend": "plant",
                "operation": "getJob",
                "rawCode": "99403",
                "requestId": "r-1",
            },
        ),
        (
            ProviderTimeoutError(
                "slow", backend="plant", operation="getJob", retry_after_s=1.23456
            ),
            {
                "code": "PROVIDER_TIMEOUT",
                "retryable": True,
                "retryAfterSeconds": 1.235,
                "backend": "plant",
                "operation": "getJob",
                "rawCode": None,
                "requestId": None,
            },
        ),
        (
            ProviderContractError("odd", backend="plant"),
            {
                "code": "PROVIDER_CONTRACT",
                "retryable": False,
                "backend": "plant",
                "operation": "",
                "rawCode": None,
                "requestId": None,
            },
        ),
        (
            BudgetExhaustedError("full", retry_after_s=2),
            {"code": "BUDGET_EXHAUSTED", "retryable": True, "retryAfterSeconds": 2},
        ),
        (DeadlineExceededError("late"), {"code": "DEADLINE_EXCEEDED", "retryable": True}),
        (ConflictError("busy"), {"code": "CONFLICT", "retryable": False}),
    ],
)
async def test_an_expected_error_says_its_code_and_its_particulars(
    error: GatewayError, extensions: dict[str, Any]
) -> None:
    answer = await failing(error)
    found = answer.only_error()
    assert answer.data == {"otaJob": None}
    assert found["message"] == error.message
    assert found["path"] == ["otaJob"]
    assert found["locations"] == [{"line": 1, "column": 3}]
    assert found["extensions"] == extensions


async def test_an_unforeseen_error_is_masked_and_logged_under_its_incident(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = await failing(ZeroDivisionError("password=hunter2"))
    error = answer.only_error()
    assert answer.data == {"otaJob": None}
    assert error["extensions"] == {"code": "INTERNAL_ERROR", "retryable": False}
    (record,) = [record for record in caplog.records if record.name == "gateway.incident"]
    incident = vars(record)["incident"]
    assert error["message"] == (
        f"internal error; quote incident {incident} to the gateway's operator"
    )
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)


async def test_a_request_leaves_no_trace_of_its_query_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_world({"plant": FakeCloud(jobs=[job(1)])}) as world:
        await world.ask('{ otaJobs(filter: { name: "confidential" }) { nonsense } }')
        await world.ask('{ node(id: "confidential") { id } }')
    assert "confidential" not in caplog.text


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{ nonsense }", "Cannot query field 'nonsense' on type 'Query'."),
        (
            "{ otaJobs(first: true) { totalCount } }",
            "Int cannot represent non-integer value: true",
        ),
        (
            "{ otaJobs(filter: { statuses: [SLEEPING] }) { totalCount } }",
            "Value 'SLEEPING' does not exist in 'JobStatus' enum.",
        ),
        ("{ node { id } }", "Argument 'Query.node(id:)' of type 'ID!' is required"),
        (
            "query($first: Int!) { otaJobs(first: $first) { totalCount } }",
            "Expected a value of non-null type 'Int!' to be provided.",
        ),
    ],
)
async def test_errors_about_the_document_keep_their_message(document: str, message: str) -> None:
    async with running_world({"plant": FakeCloud()}) as world:
        answer = await world.ask(document)
    assert answer.data is None
    assert message in answer.errors[0]["message"]
    assert answer.errors[0]["locations"]
    assert answer.errors[0]["extensions"] == {
        "code": "GRAPHQL_VALIDATION_FAILED",
        "retryable": False,
    }


async def test_a_document_that_is_no_graphql_keeps_its_message() -> None:
    async with running_world({"plant": FakeCloud()}) as world:
        answer = await world.ask("{ otaJobs { ")
    error = answer.only_error()
    assert answer.data is None
    assert error["message"] == "Syntax Error: Expected Name, found <EOF>."
    assert error["locations"] == [{"line": 1, "column": 13}]
    assert error["extensions"] == {"code": "GRAPHQL_PARSE_FAILED", "retryable": False}


async def test_the_limit_of_upstream_calls_refuses_before_the_first() -> None:
    cloud = FakeCloud(jobs=[job(1)])
    async with running_world({"plant": cloud}, max_upstream_calls=21) as world:
        document = "{ otaJobs(first: 20) { edges { node { taskCounts { total queued } } } } }"
        answer = await world.ask(document)
        allowed = await world.ask("{ otaJobs(first: 19) { edges { node { raw } } } }")
    assert answer.data is None
    assert answer.only_error()["extensions"] == {
        "code": "QUERY_TOO_EXPENSIVE",
        "retryable": False,
        "price": 42,
        "limit": 21,
    }
    assert "up to 42 calls to the clouds; 21 are the most" in answer.only_error()["message"]
    assert allowed.errors == []
    assert cloud.calls == {"list_jobs": 1}
