"""What a mutation answers: the object after the write, and every expected failure as data."""

from dataclasses import replace
from typing import Any, Final

import pytest

from gateway.domain.device import Module
from gateway.domain.errors import (
    BudgetExhaustedError,
    ConflictError,
    DeadlineExceededError,
    InternalError,
    JournalUnavailableError,
    ProviderAuthError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    UnsupportedError,
)
from gateway.domain.ids import NodeKind
from gateway.domain.job import JobStatus
from gateway.domain.task import TaskStatus
from gateway.domain.write import Receipt, StartJob
from gateway.transport.errors import NeverSentError
from tests.schema.samples import job, package, task
from tests.schema.world import global_id
from tests.schema.writes.conftest import Desk

JOB: Final = global_id(NodeKind.OTA_JOB, "job-2")
FIRMWARE: Final = global_id(NodeKind.FIRMWARE, "fw-1")
START: Final = {"input": {"id": JOB}}
NEW_JOB: Final = {
    "input": {"firmwareId": FIRMWARE, "scope": {"target": {"allDevices": True}}},
    "idempotencyKey": "k",
}
ERRORS: Final = """
  errors {
    __typename message code path retryable retryAfterSeconds backend rawCode requestId
    ... on OutcomeUnknownProblem { devices }
    ... on PartialFailureProblem { devices }
  }
"""
OPERATION: Final = """
  operation {
    id kind state settled subject idempotencyKey principal attempts requestIds createdAt updatedAt
    backend { name }
    problem { code message operation rawCode requestId }
    calls {
      operation state targets attempts sentAt requestId nativeId
      problem { code operation }
    }
  }
"""


def error(kind: str, message: str, code: str, **more: object) -> dict[str, Any]:
    """One entry of `errors`."""
    plain = {
        "path": [],
        "retryable": False,
        "retryAfterSeconds": None,
        "backend": "plant",
        "rawCode": None,
        "requestId": None,
    }
    return {"__typename": kind, "message": message, "code": code, **plain, **more}


def started(desk: Desk) -> None:
    """The cloud starts job-2."""
    running = {"status": JobStatus.IN_PROGRESS, "raw_status": "started"}
    desk.cloud.jobs = [desk.cloud.jobs[0], replace(desk.cloud.jobs[1], **running)]  # type: ignore[arg-type] # a mixed mapping


async def test_the_job_is_there_as_it_is_after_the_write_with_the_operation(desk: Desk) -> None:
    await desk.world.read("{ otaJobs { edges { node { status } } } }")
    desk.writer.effect = lambda: started(desk)

    payload = await desk.write(
        "startOtaJob",
        f"otaJob {{ nativeId status freshness {{ source }} }} {ERRORS} {OPERATION} replayed "
        "preview { price }",
        **START,
    )

    now = "2026-03-02T08:00:00.123Z"
    assert payload == {
        "otaJob": {
            "nativeId": "job-2",
            "status": "IN_PROGRESS",
            "freshness": {"source": "LIVE"},
        },
        "errors": [],
        "replayed": False,
        "preview": None,
        "operation": {
            "id": global_id(NodeKind.OPERATION, "op-1"),
            "kind": "START_JOB",
            "state": "SUCCEEDED",
            "settled": True,
            "subject": "job-2",
            "idempotencyKey": None,
            "principal": "ann",
            "attempts": 1,
            "requestIds": ["r-1"],
            "createdAt": now,
            "updatedAt": now,
            "backend": {"name": "plant"},
            "problem": None,
            "calls": [
                {
                    "operation": "DoIt",
                    "state": "SUCCEEDED",
                    "targets": [],
                    "attempts": 1,
                    "sentAt": now,
                    "requestId": "r-1",
                    "nativeId": None,
                    "problem": None,
                }
            ],
        },
    }
    jobs = await desk.world.read("{ otaJobs { edges { node { nativeId status } } } }")
    assert {edge["node"]["status"] for edge in jobs["otaJobs"]["edges"]} == {"IN_PROGRESS"}


async def test_the_object_is_read_only_if_it_is_selected(desk: Desk) -> None:
    await desk.write("startOtaJob", "replayed", **START)
    assert desk.cloud.calls == {"get_job": 1}

    await desk.write("startOtaJob", "otaJob { status }", **START)
    assert desk.cloud.calls == {"get_job": 3}


async def test_a_new_job_is_found_by_the_id_that_the_cloud_gave_it(desk: Desk) -> None:
    desk.writer.results = [Receipt(native_id="job-3", request_id="r")]
    desk.writer.effect = lambda: setattr(desk.cloud, "jobs", [*desk.cloud.jobs, job(3)])

    payload = await desk.write(
        "createOtaJob", "otaJob { nativeId } errors { code } operation { subject }", **NEW_JOB
    )

    assert payload == {
        "otaJob": {"nativeId": "job-3"},
        "errors": [],
        "operation": {"subject": "job-3"},
    }


async def test_a_removed_job_is_null_without_an_error(desk: Desk) -> None:
    desk.writer.effect = lambda: setattr(desk.cloud, "jobs", [desk.cloud.jobs[0]])

    payload = await desk.write("deleteOtaJob", "otaJob { nativeId } errors { code }", **START)

    assert payload == {"otaJob": None, "errors": []}


async def test_a_package_is_there_as_it_is_after_the_write(desk: Desk) -> None:
    changed = package(1, description="slower")
    desk.writer.effect = lambda: setattr(desk.cloud, "packages", [changed, package(2)])

    payload = await desk.write(
        "updateFirmware",
        "firmware { nativeId description } errors { code }",
        input={"id": FIRMWARE, "description": "slower"},
    )

    assert payload == {"firmware": {"nativeId": "fw-1", "description": "slower"}, "errors": []}


async def test_a_module_is_there_as_it_is_after_the_write(desk: Desk) -> None:
    modules = '{ backends(names: ["plant"]) { modules(productKey: "pump") { name } } }'
    assert await desk.world.read(modules) == {"backends": [{"modules": []}]}
    radio = Module(product_key="pump", name="radio", alias="R", description=None)
    desk.writer.effect = lambda: setattr(desk.cloud, "modules", [radio])

    payload = await desk.write(
        "createModule",
        "module { name alias } errors { code }",
        input={"backend": "plant", "productKey": "pump", "name": "radio"},
    )

    assert payload == {"module": {"name": "radio", "alias": "R"}, "errors": []}
    assert await desk.world.read(modules) == {"backends": [{"modules": [{"name": "radio"}]}]}


async def test_a_repeated_write_has_the_same_answer_and_asks_no_cloud(desk: Desk) -> None:
    desk.writer.effect = lambda: setattr(desk.cloud, "jobs", [desk.cloud.jobs[0]])
    selection = f"{ERRORS} {OPERATION} replayed"
    first = await desk.write("deleteOtaJob", selection, **START, idempotencyKey="k")
    asked = dict(desk.cloud.calls)
    again = await desk.write("deleteOtaJob", selection, **START, idempotencyKey="k")

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again == first | {"replayed": True}
    assert len(desk.writer.sent) == 1
    assert desk.cloud.calls == asked


async def test_the_object_of_a_repeated_write_may_come_from_the_cache(desk: Desk) -> None:
    selection = "otaJob { nativeId }"
    await desk.write("startOtaJob", selection, **START, idempotencyKey="k")
    asked = dict(desk.cloud.calls)
    again = await desk.write("startOtaJob", selection, **START, idempotencyKey="k")

    assert again == {"otaJob": {"nativeId": "job-2"}}
    assert desk.cloud.calls == asked


async def test_a_repeated_write_on_tasks_is_the_same_though_their_ids_have_changed(
    desk: Desk,
) -> None:
    tasks = {"input": {"jobId": global_id(NodeKind.OTA_JOB, "job-1"), "devices": ["pump-1"]}}
    desk.writer.effect = lambda: setattr(
        desk.cloud, "tasks", [task(1, "job-1", native_id="task-new")]
    )
    await desk.write("retryTasks", "replayed", **tasks, idempotencyKey="k")
    again = await desk.write("retryTasks", f"replayed {ERRORS}", **tasks, idempotencyKey="k")

    assert again == {"replayed": True, "errors": []}
    assert len(desk.writer.sent) == 1


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("stopOtaJob", START),
        ("startOtaJob", {"input": {"id": global_id(NodeKind.OTA_JOB, "job-1")}}),
        ("createOtaJob", NEW_JOB),
        ("retryTasks", {"input": {"jobId": JOB, "devices": ["pump-9"]}}),
        ("deleteFirmware", {"input": {"id": FIRMWARE}}),
    ],
)
async def test_a_key_that_another_write_used_is_refused(
    desk: Desk, field: str, arguments: dict[str, Any]
) -> None:
    await desk.write("startOtaJob", "replayed", **START, idempotencyKey="k")
    desk.cloud.actions = ()
    payload = await desk.write(
        field, f"operation {{ id }} {ERRORS}", **{**arguments, "idempotencyKey": "k"}
    )

    message = "this idempotency key was used for another input; take a new key"
    assert payload == {
        "operation": None,
        "errors": [error("IdempotencyConflictProblem", message, "IDEMPOTENCY_CONFLICT")],
    }
    assert len(desk.writer.sent) == 1


async def test_what_the_state_of_the_job_forbids_is_not_sent(desk: Desk) -> None:
    desk.cloud.actions = None
    payload = await desk.write("stopOtaJob", f"otaJob {{ status }} {ERRORS}", **START)

    message = "STOP is not possible while the job is STOPPED on this cloud; available now: START"
    assert payload["errors"] == [error("ConflictProblem", message, "CONFLICT")]
    assert payload["otaJob"] == {"status": "STOPPED"}
    assert desk.writer.planned == []


async def test_what_does_not_exist_is_not_written(desk: Desk) -> None:
    gone = {"input": {"id": global_id(NodeKind.OTA_JOB, "job-7")}}
    payload = await desk.write("startOtaJob", f"otaJob {{ status }} {ERRORS}", **gone)

    assert payload == {
        "otaJob": None,
        "errors": [error("NotFoundProblem", "there is no such object", "NOT_FOUND")],
    }


async def test_a_backend_that_is_gone_is_told(desk: Desk) -> None:
    elsewhere = {"input": {"id": global_id(NodeKind.OTA_JOB, "job-1", backend="gone")}}
    payload = await desk.write("startOtaJob", f"otaJob {{ status }} {ERRORS}", **elsewhere)

    message = "no such backend; the query `backends` lists their ids"
    assert payload["errors"] == [error("NotFoundProblem", message, "NOT_FOUND", backend="gone")]


async def test_a_backend_that_can_only_be_read_says_so_in_its_capabilities_and_refuses(
    desk: Desk,
) -> None:
    job_id = global_id(NodeKind.OTA_JOB, "job-1", backend="museum")
    payload = await desk.write("stopOtaJob", ERRORS, input={"id": job_id})

    message = "backend 'museum' can only be read"
    assert payload["errors"] == [
        error("UnsupportedProblem", message, "UNSUPPORTED", backend="museum")
    ]
    assert desk.world.clouds["museum"].calls == {}
    told = await desk.world.read("{ backends { name capabilities } }")
    capabilities = {each["name"]: each["capabilities"] for each in told["backends"]}
    assert "CREATE_JOBS" in capabilities["plant"]
    assert capabilities["museum"] == [
        "LIST_DEVICE_TASKS",
        "LIST_JOBS",
        "LIST_REPORTED_VERSIONS",
        "NAMED_JOBS",
    ]


async def test_a_capability_that_lacks_is_told_before_anything_is_read(desk: Desk) -> None:
    kept = {name for name in desk.cloud.capabilities if name != "START_STOP_JOBS"}
    desk.cloud.capabilities = frozenset(kept)
    payload = await desk.write("startOtaJob", ERRORS, **START)

    message = "Acme Cloud has no such write: backend 'plant' lacks the capability START_STOP_JOBS"
    assert payload["errors"] == [error("UnsupportedProblem", message, "UNSUPPORTED")]
    assert desk.cloud.calls == {}


async def test_a_gateway_without_writing_refuses_every_mutation_as_data(desk: Desk) -> None:
    world = replace(desk.world, writing=None)
    answer = await replace(desk, world=world).ask(
        f"mutation($id: ID!) {{ startOtaJob(input: {{ id: $id }}) {{ {ERRORS} }} }}", id=JOB
    )

    message = "this gateway is set up for reading only"
    assert answer.data["startOtaJob"]["errors"] == [
        error("UnsupportedProblem", message, "UNSUPPORTED", backend=None)
    ]


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (
            UnsupportedError("no such write"),
            error("UnsupportedProblem", "no such write", "UNSUPPORTED"),
        ),
        (
            JournalUnavailableError("no journal", retry_after_s=1.5),
            error(
                "JournalProblem",
                "no journal",
                "JOURNAL_UNAVAILABLE",
                retryable=True,
                retryAfterSeconds=1.5,
            ),
        ),
        (
            DeadlineExceededError("too late"),
            error("OtherProblem", "too late", "DEADLINE_EXCEEDED", retryable=True),
        ),
    ],
)
async def test_what_is_refused_before_it_is_taken_in_has_no_operation(
    desk: Desk, failure: UnsupportedError, expected: dict[str, Any]
) -> None:
    desk.writer.refusal = failure
    payload = await desk.write("startOtaJob", f"operation {{ id }} {ERRORS}", **START)

    assert payload == {"operation": None, "errors": [expected]}
    assert desk.writer.sent == []


@pytest.mark.parametrize(
    ("failure", "state", "expected"),
    [
        (
            ProviderRejectedError("no", vendor_code="iot.no", request_id="r-9"),
            "REJECTED",
            error("ProviderProblem", "no", "PROVIDER_REJECTED", rawCode="iot.no", requestId="r-9"),
        ),
        (
            ConflictError("not now", vendor_code="24615", request_id="r-9"),
            "REJECTED",
            error("ConflictProblem", "not now", "CONFLICT", rawCode="24615", requestId="r-9"),
        ),
        (
            ProviderAuthError("who"),
            "NOT_DONE",
            error("ProviderProblem", "who", "PROVIDER_AUTH"),
        ),
        (
            NeverSentError("no line"),
            "NOT_DONE",
            error("ProviderProblem", "no line", "PROVIDER_UNAVAILABLE", retryable=True),
        ),
        (
            BudgetExhaustedError("queue full", retry_after_s=2.0),
            "NOT_DONE",
            error(
                "BudgetProblem",
                "queue full",
                "BUDGET_EXHAUSTED",
                retryable=True,
                retryAfterSeconds=2.0,
            ),
        ),
    ],
)
async def test_a_refusal_of_the_cloud_is_data_and_its_operation_is_kept(
    desk: Desk, failure: Exception, state: str, expected: dict[str, Any]
) -> None:
    desk.writer.results = [failure]
    payload = await desk.write("startOtaJob", f"operation {{ state }} {ERRORS}", **START)

    assert payload == {"operation": {"state": state}, "errors": [expected]}


@pytest.mark.parametrize(
    "failure", [ProviderTimeoutError("no answer"), ProviderUnavailableError("broke")]
)
async def test_a_lost_answer_is_told_as_unknown_and_never_as_failed(
    desk: Desk, failure: ProviderTimeoutError
) -> None:
    desk.writer.results = [failure]
    payload = await desk.write("startOtaJob", f"operation {{ state settled }} {ERRORS}", **START)

    message = (
        "The cloud may have executed this. The gateway is finding out; ask for the operation. "
        f"{failure.message}"
    )
    assert payload == {
        "operation": {"state": "UNKNOWN", "settled": False},
        "errors": [error("OutcomeUnknownProblem", message, "OUTCOME_UNKNOWN", devices=[])],
    }


async def test_each_part_of_a_write_in_several_calls_is_told_by_its_devices(desk: Desk) -> None:
    rejected = ProviderRejectedError("no", vendor_code="iot.no", request_id="r-2")
    desk.writer.results = [Receipt(), rejected, ProviderTimeoutError("no answer")]
    devices = [f"pump-{number}" for number in range(1, 6)]
    payload = await desk.write(
        "retryTasks",
        f"operation {{ state calls {{ state targets }} }} {ERRORS}",
        input={"jobId": global_id(NodeKind.OTA_JOB, "job-1"), "devices": devices},
    )

    unknown = (
        "The cloud may have executed this. The gateway is finding out; ask for the operation. "
        "no answer"
    )
    assert payload == {
        "operation": {
            "state": "UNKNOWN",
            "calls": [
                {"state": "SUCCEEDED", "targets": ["pump-1", "pump-2"]},
                {"state": "REJECTED", "targets": ["pump-3", "pump-4"]},
                {"state": "UNKNOWN", "targets": ["pump-5"]},
            ],
        },
        "errors": [
            error(
                "PartialFailureProblem",
                "no",
                "PROVIDER_REJECTED",
                rawCode="iot.no",
                requestId="r-2",
                devices=["pump-3", "pump-4"],
            ),
            error("OutcomeUnknownProblem", unknown, "OUTCOME_UNKNOWN", devices=["pump-5"]),
        ],
    }


async def test_a_write_that_was_done_says_so_though_its_result_cannot_be_read(desk: Desk) -> None:
    def break_down() -> None:
        desk.cloud.failures["get_job"] = ProviderTimeoutError("no answer", backend="plant")

    desk.writer.effect = break_down
    payload = await desk.write(
        "startOtaJob", f"otaJob {{ status }} operation {{ state }} {ERRORS}", **START
    )

    message = "`otaJob` cannot be read now: no answer"
    assert payload == {
        "otaJob": None,
        "operation": {"state": "SUCCEEDED"},
        "errors": [
            error("ProviderProblem", message, "PROVIDER_TIMEOUT", path=["otaJob"], retryable=True)
        ],
    }


async def test_a_refused_write_is_not_joined_by_the_trouble_of_reading_its_object(
    desk: Desk,
) -> None:
    def break_down() -> None:
        desk.cloud.failures["get_job"] = ProviderAuthError("who")

    desk.writer.effect = break_down
    desk.writer.results = [ProviderRejectedError("no")]
    payload = await desk.write("startOtaJob", f"otaJob {{ status }} {ERRORS}", **START)

    assert payload == {
        "otaJob": None,
        "errors": [error("ProviderProblem", "no", "PROVIDER_REJECTED")],
    }


async def test_the_object_of_a_refused_write_is_read_anew_too(desk: Desk) -> None:
    desk.writer.effect = lambda: started(desk)
    desk.writer.results = [ConflictError("started already")]
    payload = await desk.write(
        "startOtaJob", "otaJob { status freshness { source } } errors { code }", **START
    )

    assert payload == {
        "otaJob": {"status": "IN_PROGRESS", "freshness": {"source": "LIVE"}},
        "errors": [{"code": "CONFLICT"}],
    }


async def test_a_fault_of_the_gateway_is_no_data(desk: Desk) -> None:
    desk.writer.refusal = InternalError("beef")
    document = "mutation($id: ID!) { startOtaJob(input: { id: $id }) { replayed } }"
    answer = await desk.ask(document, id=JOB)

    assert answer.data is None
    assert answer.only_error()["extensions"] == {"code": "INTERNAL_ERROR", "retryable": False}


async def test_validation_shows_what_would_be_sent_and_sends_nothing(desk: Desk) -> None:
    desk.cloud.tasks = [
        task(1, "job-1", status=TaskStatus.QUEUED, raw_status="init"),
        task(2, "job-1"),
        task(3, "job-2", status=TaskStatus.NOTIFIED, raw_status="published"),
    ]
    devices = {"listedDevices": {"names": ["pump-1", "pump-2", "pump-3"]}}
    payload = await desk.write(
        "createOtaJob",
        f"""
          otaJob {{ status }} operation {{ id }} replayed {ERRORS}
          preview {{
            deviceCount price
            calls {{ operation parameters targets }}
            conversions {{ path given sentAs sent }}
            overlaps {{ nativeId job {{ nativeId }} }}
          }}
        """,
        input={"firmwareId": FIRMWARE, "scope": {"target": devices}},
        idempotencyKey="k",
        validateOnly=True,
    )

    assert payload == {
        "otaJob": None,
        "operation": None,
        "replayed": False,
        "errors": [],
        "preview": {
            "deviceCount": 3,
            "price": 1,
            "calls": [{"operation": "DoIt", "parameters": {"kind": "CreateJob"}, "targets": []}],
            "conversions": [
                {
                    "path": ["input", "timeoutSeconds"],
                    "given": "300",
                    "sentAs": "TimeoutInMinutes",
                    "sent": "5",
                }
            ],
            "overlaps": [
                {"nativeId": "task-1", "job": {"nativeId": "job-1"}},
                {"nativeId": "task-3", "job": {"nativeId": "job-2"}},
            ],
        },
    }
    assert desk.writer.sent == []
    assert await desk.world.read("{ operations { edges { cursor } } }") == {
        "operations": {"edges": []}
    }


async def test_validation_of_tasks_counts_calls_and_devices(desk: Desk) -> None:
    devices = [f"pump-{number}" for number in range(1, 6)]
    payload = await desk.write(
        "retryTasks",
        "preview { deviceCount price calls { targets } overlaps { id } }",
        input={"jobId": global_id(NodeKind.OTA_JOB, "job-1"), "devices": devices},
        validateOnly=True,
    )

    assert payload["preview"] == {
        "deviceCount": 5,
        "price": 3,
        "calls": [
            {"targets": ["pump-1", "pump-2"]},
            {"targets": ["pump-3", "pump-4"]},
            {"targets": ["pump-5"]},
        ],
        "overlaps": [],
    }


async def test_validation_judges_the_present_state_even_for_a_key_that_was_used(
    desk: Desk,
) -> None:
    desk.writer.effect = lambda: started(desk)
    desk.cloud.actions = None
    await desk.write("startOtaJob", "replayed", **START, idempotencyKey="k")
    payload = await desk.write(
        "startOtaJob",
        "preview { price } errors { code }",
        **START,
        idempotencyKey="k",
        validateOnly=True,
    )

    assert payload == {"preview": None, "errors": [{"code": "CONFLICT"}]}
    assert [type(write) for write in desk.writer.planned] == [StartJob]
