import asyncio
import logging

import pytest

from gateway.app.observability.request_log import RequestKind, RequestLog, RequestOutcome
from gateway.domain.metrics import CountingMetrics
from gateway.domain.principal import Principal, Role

ANN = Principal(id="key:ann", tenant="acme", role=Role.READ)


@pytest.fixture(autouse=True)
def _hear_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="gateway.request")


def fields(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    (record,) = caplog.records
    return vars(record)


def test_one_line_tells_who_asked_what_and_how_it_went(caplog: pytest.LogCaptureFixture) -> None:
    ticks = iter([10.0, 10.25])
    requests = RequestLog(clock=lambda: next(ticks))
    with requests.following("r-1") as entry:
        entry.principal = ANN
        entry.kind = RequestKind.QUERY
        entry.operation_name = "Dashboard"
        entry.status = 200
        entry.bill.calls = 3
        entry.bill.saved = 4

    line = fields(caplog)
    assert line["message"] == "graphql.request"
    assert line["levelname"] == "INFO"
    assert {
        "request_id": "r-1",
        "principal": "key:ann",
        "tenant": "acme",
        "kind": "query",
        "operation_name": "Dashboard",
        "status": 200,
        "outcome": "ok",
        "elapsed_ms": 250.0,
        "upstream_calls": 3,
        "saved": 4,
    }.items() <= line.items()


def test_the_number_has_no_text_of_the_client() -> None:
    metrics = CountingMetrics()
    with RequestLog(metrics).following("r-1") as entry:
        entry.kind = RequestKind.MUTATION
        entry.operation_name = "Secret"
        entry.principal = ANN
    assert list(metrics.counts) == [("graphql.request", (("kind", "mutation"), ("outcome", "ok")))]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (None, "ok"),
        (200, "ok"),
        (304, "ok"),
        (400, "refused"),
        (401, "refused"),
        (413, "refused"),
        (408, "late"),
        (429, "overloaded"),
        (503, "overloaded"),
        (504, "late"),
        (500, "failed"),
    ],
)
def test_the_status_tells_the_outcome_unless_it_is_given(status: int | None, outcome: str) -> None:
    metrics = CountingMetrics()
    requests = RequestLog(metrics)
    with requests.following("r-1") as entry:
        entry.status = status
    assert metrics.total("graphql.request", outcome=outcome) == 1

    with requests.following("r-2") as entry:
        entry.status = status
        entry.outcome = RequestOutcome.ERRORS
    assert metrics.total("graphql.request", outcome="errors") == 1


def test_a_client_that_leaves_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(asyncio.CancelledError), RequestLog().following("r-1"):
        raise asyncio.CancelledError
    assert fields(caplog)["outcome"] == "canceled"
    assert fields(caplog)["levelname"] == "INFO"


def test_a_fault_is_told_as_one_and_passes(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError), RequestLog().following("r-1"):
        raise ZeroDivisionError
    assert fields(caplog)["outcome"] == "failed"
    assert fields(caplog)["levelname"] == "ERROR"


def test_requests_under_way_are_counted() -> None:
    requests = RequestLog()
    with requests.following("r-1"), requests.following("r-2"):
        assert requests.in_flight == 2
    with pytest.raises(ZeroDivisionError), requests.following("r-3"):
        raise ZeroDivisionError
    assert requests.in_flight == 0


def test_names_are_escaped_and_cut(caplog: pytest.LogCaptureFixture) -> None:
    with RequestLog().following("r-1") as entry:
        entry.operation_name = "A\r\n\x1b[31m水\ud800" + "x" * 10_000
        entry.principal = Principal(id="jwt:\u202e\x00", tenant="t\n", role=Role.READ)
    line = fields(caplog)
    name = str(line["operation_name"])
    assert name.startswith(r"A\u000d\u000a\u001b[31m水\ud800xxx")
    assert len(name) == 100
    assert name.isprintable()
    assert line["principal"] == r"jwt:\u202e\u0000"
    assert line["tenant"] == r"t\u000a"
