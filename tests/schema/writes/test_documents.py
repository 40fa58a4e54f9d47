"""Several mutations in one document."""

from gateway.domain.errors import ProviderRejectedError
from gateway.domain.ids import NodeKind
from gateway.domain.job import JobStatus
from tests.schema.samples import job
from tests.schema.world import global_id
from tests.schema.writes.conftest import Desk

ONE = global_id(NodeKind.OTA_JOB, "job-1")
TWO = global_id(NodeKind.OTA_JOB, "job-2")


async def test_they_run_one_after_another_and_each_tells_for_itself(desk: Desk) -> None:
    desk.writer.results = [ProviderRejectedError("no")]
    answer = await desk.ask(
        """
        mutation($one: ID!, $two: ID!) {
          a: stopOtaJob(input: { id: $one }) { errors { code } }
          b: startOtaJob(input: { id: $two }) { errors { code } }
        }
        """,
        one=ONE,
        two=TWO,
    )

    assert answer.errors == []
    assert answer.data == {"a": {"errors": [{"code": "PROVIDER_REJECTED"}]}, "b": {"errors": []}}
    assert [call.parameters["kind"] for call in desk.writer.sent] == ["StopJob", "StartJob"]


async def test_aliases_of_one_write_with_one_key_run_once(desk: Desk) -> None:
    answer = await desk.ask(
        """
        mutation($id: ID!) {
          a: stopOtaJob(input: { id: $id }, idempotencyKey: "k") { replayed operation { id } }
          b: stopOtaJob(input: { id: $id }, idempotencyKey: "k") { replayed operation { id } }
        }
        """,
        id=ONE,
    )

    assert answer.data["a"]["replayed"] is False
    assert answer.data["b"] == answer.data["a"] | {"replayed": True}
    assert len(desk.writer.sent) == 1


async def test_what_one_has_loaded_the_next_loads_anew(desk: Desk) -> None:
    states = iter([JobStatus.STOPPED, JobStatus.IN_PROGRESS])

    def move() -> None:
        desk.cloud.jobs = [job(1, status=next(states)), desk.cloud.jobs[1]]

    desk.writer.effect = move
    selection = "otaJob { tasks(first: 1) { edges { node { job { status } } } } }"
    answer = await desk.ask(
        f"""
        mutation($id: ID!) {{
          a: stopOtaJob(input: {{ id: $id }}) {{ {selection} }}
          b: startOtaJob(input: {{ id: $id }}) {{ {selection} }}
        }}
        """,
        id=ONE,
    )

    def status(alias: str) -> str:
        edges = answer.data[alias]["otaJob"]["tasks"]["edges"]
        found: str = edges[0]["node"]["job"]["status"]
        return found

    assert (status("a"), status("b")) == ("STOPPED", "IN_PROGRESS")


async def test_a_document_that_writes_too_much_is_refused_before_the_first_write(
    desk: Desk,
) -> None:
    many = " ".join(f'm{n}: stopOtaJob(input: {{ id: "{ONE}" }}) {{ replayed }}' for n in range(11))
    answer = await desk.ask(f"mutation {{ {many} }}")

    assert answer.only_error()["message"] == "this document writes 11 times; 10 are the most"
    assert answer.only_error()["extensions"]["code"] == "DOCUMENT_LIMIT_EXCEEDED"
    assert desk.writer.sent == []
