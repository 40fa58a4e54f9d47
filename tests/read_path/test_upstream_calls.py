"""What a document costs upstream, counted by the cloud that answers it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx
import pytest

from gateway.app.factory import create_app
from gateway.app.overrides import Overrides
from gateway.domain.metrics import CountingMetrics
from gateway.service.job_index import IndexPolicy
from gateway.settings import Settings
from gateway.simulators.alibaba import AlibabaSimulator, generate_credentials
from gateway.simulators.alibaba.operations import OPERATIONS

PACKAGES = 50
JOBS = 1_000
PATIENT: Final = IndexPolicy(patience_s=60.0)
UNLIMITED: Final = dict.fromkeys(OPERATIONS, 1e6)

FIRST_PAGE: Final = """
    {
      otaJobs(first: 20) {
        totalCount
        edges {
          node {
            id nativeId status rawStatus type policy productKey createdAt startedAt endedAt
            availableActions tags { key value }
            name { default }
            firmware { nativeId name { default } version }
            freshness { source }
          }
        }
        sources { outcome totalCount progressPercent }
        pageInfo { hasNextPage }
      }
    }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A gateway in this process, and the simulator that is its only cloud."""

    http: httpx.AsyncClient
    cloud: AlibabaSimulator

    async def ask(self, query: str) -> dict[str, Any]:
        """The whole answer, which must be free of errors."""
        reply = await self.http.post("/graphql", json={"query": query})
        answer: dict[str, Any] = reply.json()
        assert "errors" not in answer
        return answer


@asynccontextmanager
async def stage(
    *,
    rates: dict[str, float] | None = None,
    packages: int = PACKAGES,
    jobs: int = JOBS,
    metrics: CountingMetrics | None = None,
    index: IndexPolicy = PATIENT,
) -> AsyncIterator[Stage]:
    """Without `rates` both sides keep to the documented ones."""
    known = generate_credentials(seed=1)
    cloud = AlibabaSimulator(
        access_key_id=known.access_key_id,
        access_key_secret=known.access_key_secret,
        instance_id=known.instance_id,
        packages=packages,
        jobs=jobs,
        tasks=2 * jobs,
        throttle=rates is None,
    )
    backend = {
        "provider": "alibaba",
        "endpoint": "http://127.0.0.1",
        "access_key_id": known.access_key_id,
        "access_key_secret": known.access_key_secret,
        "instance_id": known.instance_id,
        "rates": rates or {},
    }
    settings = Settings.build(
        {
            "backends": {"cloud": backend},
            "requests": {"deadline_s": 60, "patience_s": 60},
            "writes": {"enabled": False},
        }
    )
    overrides = replace(
        Overrides.none(),
        http={"cloud": httpx.ASGITransport(app=cloud.app)},
        metrics=metrics or CountingMetrics(),
        index=index,
    )
    app = create_app(settings, overrides)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://gateway.test"
        ) as http,
    ):
        yield Stage(http=http, cloud=cloud)


async def test_a_cold_list_of_1000_jobs_over_50_packages_costs_51_calls() -> None:
    async with stage(rates=UNLIMITED) as on:
        answer = await on.ask(FIRST_PAGE)

        jobs = answer["data"]["otaJobs"]
        assert jobs["totalCount"] == JOBS
        assert [source["outcome"] for source in jobs["sources"]] == ["LIVE"]
        assert len(jobs["edges"]) == 20
        # Names and versions of packages were selected, and came with the list of packages.
        assert all(edge["node"]["firmware"]["version"] for edge in jobs["edges"])
        assert all(edge["node"]["name"]["default"] for edge in jobs["edges"])
        assert on.cloud.calls.counts() == {"ListOTAFirmware": 1, "ListOTAJobByFirmware": PACKAGES}


async def test_paging_on_through_all_jobs_costs_no_further_call() -> None:
    async with stage(rates=UNLIMITED) as on:
        seen: set[str] = set()
        after = "null"
        while after != "null" or not seen:
            page = (
                await on.ask(
                    f"{{ otaJobs(first: 100, after: {after}) {{"
                    " edges { node { nativeId } } pageInfo { hasNextPage endCursor } } }"
                )
            )["data"]["otaJobs"]
            seen |= {edge["node"]["nativeId"] for edge in page["edges"]}
            more = page["pageInfo"]["hasNextPage"]
            after = f'"{page["pageInfo"]["endCursor"]}"' if more else "null"

        assert seen == {job.id for job in on.cloud.fleet.jobs}
        assert sum(on.cloud.calls.counts().values()) == 1 + PACKAGES


async def test_one_detail_field_costs_one_call_for_each_job_of_the_page() -> None:
    async with stage(rates=UNLIMITED) as on:
        await on.ask(FIRST_PAGE)
        on.cloud.calls.clear()

        answer = await on.ask("{ otaJobs(first: 20) { edges { node { timeoutSeconds } } } }")

        assert len(answer["data"]["otaJobs"]["edges"]) == 20
        assert on.cloud.calls.counts() == {"QueryOTAJob": 20}
        assert answer["extensions"]["upstream"]["calls"] == 20


async def test_further_detail_fields_of_the_same_jobs_cost_no_further_call() -> None:
    async with stage(rates=UNLIMITED) as on:
        await on.ask("{ otaJobs(first: 20) { edges { node { timeoutSeconds } } } }")
        on.cloud.calls.clear()

        answer = await on.ask(
            "{ otaJobs(first: 20) { edges { node { description scope { sourceVersions target"
            " { __typename } } pace { maxPerMinute } retryPolicy { count } } } } }"
        )

        assert on.cloud.calls.counts() == {}
        assert answer["extensions"]["upstream"]["calls"] == 0
        assert answer["extensions"]["upstream"]["saved"] >= 20


async def test_three_of_seven_task_counts_cost_three_calls() -> None:
    async with stage(rates=UNLIMITED, packages=2, jobs=10) as on:
        await on.ask(FIRST_PAGE)  # the index is whole now, and asks for nothing while we count
        job = on.cloud.fleet.jobs[0].id
        by = f'by: {{ native: {{ backend: "cloud", nativeId: "{job}" }} }}'
        await on.ask(f"{{ otaJob({by}) {{ status }} }}")
        on.cloud.calls.clear()

        answer = await on.ask(f"{{ otaJob({by}) {{ taskCounts {{ queued succeeded failed }} }} }}")

        counts = answer["data"]["otaJob"]["taskCounts"]
        assert all(count >= 0 for count in counts.values())
        assert on.cloud.calls.counts() == {"ListOTATaskByJob": 3}
        assert answer["extensions"]["upstream"]["calls"] == 3


async def test_a_count_selected_twice_costs_one_call() -> None:
    async with stage(rates=UNLIMITED, packages=2, jobs=10) as on:
        await on.ask(FIRST_PAGE)  # the index is whole now, and asks for nothing while we count
        on.cloud.calls.clear()
        job = on.cloud.fleet.jobs[0].id
        by = f'by: {{ native: {{ backend: "cloud", nativeId: "{job}" }} }}'

        await on.ask(
            f"{{ one: otaJob({by}) {{ taskCounts {{ total again: total }} }}"
            f" two: otaJob({by}) {{ taskCounts {{ total }} }} }}"
        )

        assert on.cloud.calls.counts() == {"QueryOTAJob": 1, "ListOTATaskByJob": 1}


async def test_a_list_at_the_documented_rates_is_never_throttled() -> None:
    async with stage(packages=15, jobs=60) as on:
        answer = await on.ask(FIRST_PAGE)

        assert answer["data"]["otaJobs"]["totalCount"] == 60
        assert on.cloud.calls.count("ListOTAJobByFirmware") == 15
        assert {call.code for call in on.cloud.calls} == {"OK"}
        assert on.cloud.calls.busiest_second("ListOTAJobByFirmware") <= 10
        assert answer["extensions"]["upstream"]["waitedMs"] > 0


async def test_a_list_asked_while_the_index_warms_answers_what_is_known_and_says_so() -> None:
    async with stage(packages=16, jobs=40, index=replace(PATIENT, patience_s=0.1)) as on:
        answers = [(await on.ask(FIRST_PAGE))["data"]["otaJobs"]]
        while answers[-1]["sources"][0]["outcome"] == "WARMING":
            answers.append((await on.ask(FIRST_PAGE))["data"]["otaJobs"])

    warming, whole = answers[:-1], answers[-1]
    progress = [answer["sources"][0]["progressPercent"] for answer in warming]
    assert progress == sorted(progress)
    assert 0 <= progress[0] < progress[-1] < 100
    assert {answer["totalCount"] for answer in warming} == {None}
    known = [len(answer["edges"]) for answer in warming]
    assert known == sorted(known)
    assert known[-1] > 0
    assert whole["totalCount"] == 40
    assert len(whole["edges"]) == 20
    assert whole["sources"][0]["progressPercent"] is None


@pytest.mark.parametrize("first", [20, 100])
async def test_a_document_beyond_the_price_limit_is_refused_before_its_first_call(
    first: int,
) -> None:
    async with stage(rates=UNLIMITED, packages=2, jobs=10) as on:
        await on.ask("{ otaJobs(first: 1) { edges { cursor } } }")
        on.cloud.calls.clear()
        everything = (
            "total awaitingConfirmation queued notified inProgress succeeded failed canceled"
        )
        reply = await on.http.post(
            "/graphql",
            json={
                "query": f"{{ a: otaJobs(first: {first}) {{ edges {{ node {{ description"
                f" taskCounts {{ {everything} }} }} }} }}"
                f" b: otaJobs(first: {first}) {{ edges {{ node {{ allTasksEnded"
                f" taskCounts {{ {everything} }} }} }} }} }}"
            },
        )

        error = reply.json()["errors"][0]["extensions"]
        assert error["code"] == "QUERY_TOO_EXPENSIVE"
        assert error["price"] > error["limit"]
        assert on.cloud.calls.counts() == {}
