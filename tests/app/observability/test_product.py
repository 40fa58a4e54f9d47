"""The whole gateway over simulated clouds: what it shows of itself, and what it does not."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from gateway.cli.logs import JsonLines
from tests.app.observability.scraped import samples, value
from tests.end_to_end.writing_gateway import WritingGateway, writing_gateway

SECRETS: Final = ("enos-app-secret", "alibaba-key-secret")
CANARY: Final = "canary"
JOBS: Final = """
  query canaryName { otaJobs(first: 50, filter: { name: "canary-text" }) { edges { node { id } } } }
"""
RUNNING: Final = """
  {
    otaJobs(first: 50, filter: { backends: ["grid"], statuses: [IN_PROGRESS] }) {
      edges { node { id name { default } nativeId } }
    }
  }
"""
STOP: Final = """
  mutation canaryWrite($input: StopOtaJobInput!) {
    stopOtaJob(input: $input, idempotencyKey: "canary-key") { operation { state } errors { code } }
  }
"""


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[WritingGateway]:
    async with writing_gateway(tmp_path) as found:
        yield found


async def a_busy_day(gateway: WritingGateway) -> str:
    """Reads, a write, and requests that are wrong; the id of the job that was written to."""
    await gateway.data(JOBS)
    await gateway.data(JOBS)
    job = (await gateway.data(RUNNING))["otaJobs"]["edges"][0]["node"]
    done = await gateway.data(STOP, input={"id": job["id"]})
    assert done["stopOtaJob"] == {"operation": {"state": "SUCCEEDED"}, "errors": []}
    await gateway.ask("{ canaryField }")
    await gateway.ask('query { otaJob(by: {id: "canary"}) { id } }')
    native: str = job["nativeId"]
    return native


async def test_metrics_tell_of_requests_clouds_cache_writes_and_the_process(
    gateway: WritingGateway,
) -> None:
    await a_busy_day(gateway)
    text = (await gateway.http.get("/metrics")).content

    found = samples(text)
    names = {name for name, _ in found}
    assert value(text, "ready") == 1
    assert value(text, "journal_up") == 1
    mutations = {"kind": "mutation", "outcome": "ok"}
    assert value(text, "graphql_request_duration_seconds_count", **mutations) == 1
    stop = {"backend": "grid", "operation": "ota-jobs.stop"}
    assert value(text, "provider_calls_total", **stop, outcome="OK") == 1
    states = {"backend": "grid", "kind": "STOP_JOB"}
    assert value(text, "operations_total", **states, state="SUCCEEDED") == 1
    assert value(text, "journal_calls_total", call="claim", outcome="ok") == 1
    for name in ("cache_reads_total", "breaker_open", "budget_in_use", "event_loop_lag_seconds"):
        assert f"ota_gateway_{name}" in names
    # Everything the product reports is declared in the table.
    assert not [key for key in found if key[0] == "ota_gateway_metrics_dropped_total"]


async def test_no_metric_holds_a_secret_or_a_word_of_a_client(gateway: WritingGateway) -> None:
    job = await a_busy_day(gateway)
    text = (await gateway.http.get("/metrics")).text
    assert CANARY not in text
    assert job not in text
    assert not [secret for secret in SECRETS if secret in text]


async def test_no_line_holds_a_secret_or_what_a_client_asked_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="gateway")
    async with writing_gateway(tmp_path) as gateway:
        job = await a_busy_day(gateway)
    ours = [record for record in caplog.records if record.name.startswith("gateway")]
    lines = [JsonLines().format(record) for record in ours]
    text = "\n".join(lines).replace("canaryName", "").replace("canaryWrite", "")
    assert "graphql.request" in text
    assert "provider.call" in text
    assert CANARY not in text
    assert job not in text
    assert not [secret for secret in SECRETS if secret in text]


async def test_calls_to_a_cloud_carry_the_id_of_the_request_they_are_for(
    gateway: WritingGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="gateway")
    await a_busy_day(gateway)
    lines = [vars(record) for record in caplog.records]
    written = next(line for line in lines if line.get("operation") == "ota-jobs.stop")
    request = next(line for line in lines if line.get("kind") == "mutation")
    assert written["request_id"] == request["request_id"]
    assert written["upstream_request_id"]
    asked = {line["request_id"] for line in lines if line["message"] == "provider.call"}
    assert asked - {None} <= {
        line["request_id"] for line in lines if line["message"] == "graphql.request"
    }


async def test_readiness_shows_the_parts(gateway: WritingGateway) -> None:
    reply = await gateway.http.get("/readyz")
    assert (reply.status_code, reply.json()["parts"]) == (200, {"journal": "reachable"})
