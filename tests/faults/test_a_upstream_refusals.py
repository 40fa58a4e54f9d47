"""Clouds that answer and refuse: rows A10 to A15."""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final

import pytest

from tests.faults import scripts
from tests.faults.scripted_upstream import Exchange, Script, whole_answer
from tests.faults.stage import (
    ATTEMPT_S,
    CREATE,
    EACH,
    GRACE_S,
    OTHER,
    READ,
    TOKEN,
    Stage,
    staged,
)

_OFF_BY_S: Final = 1_200.0  # what a cloud forgives ends at 900

_RETRY_FLOOR: Final = 10
"""Retries that even a quiet backend may have within ten seconds; see `RetryBudget`."""

THROTTLES: Final[Mapping[str, Script]] = {
    "grid": scripts.answering(429),
    "lights": scripts.answering(
        400, {"Code": "Throttling.User", "Message": "Request was denied", "RequestId": "R"}
    ),
}
REFUSED_TOKENS: Final[Mapping[str, Script]] = {
    "grid": scripts.answering(200, {"code": 4011, "msg": "token expired", "data": None}),
    "lights": scripts.answering(
        403, {"Code": "InvalidSecurityToken.Expired", "Message": "expired", "RequestId": "R"}
    ),
}


@EACH
async def test_a10_a_burst_of_5xx_is_not_met_with_more_calls(backend: str) -> None:
    asked = 100
    async with staged(jobs=asked) as stage:
        cloud = stage.clouds[backend]
        await stage.job(OTHER[backend])
        cloud.always(READ[backend], scripts.page(503))

        answers = [await stage.job(backend, number) for number in range(asked)]

        assert {answer.code for answer in answers} == {"PROVIDER_UNAVAILABLE"}
        assert cloud.count(READ[backend]) <= 1.1 * asked
        # What ends it is the breaker, after a handful of failures.
        assert cloud.count(READ[backend]) <= 5 + _RETRY_FLOOR
        assert (await stage.breakers(backend))["read"] == "OPEN"
        assert 0 < (answers[-1].error or {})["retryAfterSeconds"] <= 5
        assert (await stage.breakers(OTHER[backend]))["read"] == "CLOSED"
        assert (await stage.job(OTHER[backend], 1)).source == "LIVE"


@EACH
async def test_a10_callers_at_once_bring_no_more_calls_than_they_are(backend: str) -> None:
    asked = 60
    async with staged(jobs=asked) as stage:
        cloud = stage.clouds[backend]
        await stage.job(backend, 0)
        cloud.forget()
        cloud.always(READ[backend], scripts.answering(500))

        await asyncio.gather(*(stage.job(backend, number) for number in range(1, asked)))

        assert cloud.count(READ[backend]) <= 1.1 * asked + _RETRY_FLOOR


@EACH
async def test_a11_a_throttled_read_waits_a_second_and_the_rate_is_cut(backend: str) -> None:
    async with staged(rates=True) as stage:
        cloud = stage.clouds[backend]
        before = await stage.budget(backend, READ[backend])
        cloud.play(READ[backend], THROTTLES[backend])

        answer = await stage.job(backend)
        after = await stage.budget(backend, READ[backend])

        assert answer.source == "LIVE"
        first, second = (asked for asked in cloud.asked if asked.operation == READ[backend])
        assert second.at - first.at >= 1.0
        assert (before["throttled"], after["throttled"]) == (0, 1)
        assert before["limitPerSecond"] == before["documentedPerSecond"]
        assert after["limitPerSecond"] <= 0.6 * before["limitPerSecond"]
        assert (await stage.breakers(backend))["read"] == "CLOSED"


@EACH
async def test_a11_a_throttled_write_was_not_executed_and_is_sent_again(
    backend: str, tmp_path: Path
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite3") as stage:
        given = await stage.new_job(backend)
        stage.clouds[backend].play(CREATE[backend], THROTTLES[backend])

        payload = await stage.create(given)

        assert payload["errors"] == []
        assert stage.clouds[backend].count(CREATE[backend]) == 2
        assert stage.simulators.made(backend) == [payload["otaJob"]["nativeId"]]


async def test_a11_a_real_window_of_ten_a_second_sees_no_eleventh_call() -> None:
    async with staged(jobs=25, rates=True, requests={"deadline_s": 20.0}) as stage:
        answers = await asyncio.gather(*(stage.job("lights", number) for number in range(22)))
        at = [asked.at for asked in stage.clouds["lights"].asked]

    assert {answer.source for answer in answers} == {"LIVE"}
    assert max(sum(begin <= other < begin + 1.0 for other in at) for begin in at) <= 10


def _throttled_for(wait: str) -> dict[str, Script]:
    said = {"Code": "Throttling.User", "Message": "Request was denied", "RequestId": "R"}
    return {
        "grid": scripts.answering(429, b"", {"retry-after": wait}),
        "lights": scripts.answering(400, said, {"x-acs-retry-after": wait, "retry-after": wait}),
    }


@EACH
async def test_a12_an_absurd_wait_fails_at_once_and_tells_the_client_of_an_hour_at_most(
    backend: str,
) -> None:
    async with staged() as stage:
        stage.clouds[backend].always(READ[backend], _throttled_for("999999999")[backend])

        answer = await stage.job(backend)

        assert answer.code == "PROVIDER_RATE_LIMITED"
        assert stage.clouds[backend].count(READ[backend]) == 1
        assert answer.elapsed_s < 1.0
        assert (answer.error or {})["retryAfterSeconds"] == 3600


@EACH
async def test_a12_a_wait_that_makes_no_sense_is_bounded(backend: str) -> None:
    waits = ("-5", "NaN", "soon", "1e9999", "Tue, 01 Jan 2002 00:00:00 GMT")
    async with staged(upstream={"max_attempts": 1}) as stage:
        cloud = stage.clouds[backend]
        for number, wait in enumerate(waits):
            cloud.forget()
            cloud.play(READ[backend], _throttled_for(wait)[backend])

            answer = await stage.job(backend, number)

            assert (wait, answer.code) == (wait, "PROVIDER_RATE_LIMITED")
            assert 0 <= (answer.error or {}).get("retryAfterSeconds", 0) <= 3600
            assert cloud.count(READ[backend]) == 1


async def test_a13_a_token_refused_mid_flight_is_renewed_once_for_all() -> None:
    callers = 20
    async with staged(jobs=callers) as stage:
        cloud = stage.clouds["grid"]
        await stage.job("grid", 0)
        old = cloud.asked[-1].headers["apim-accesstoken"]
        stage.simulators.grid.tokens.expire_all()
        cloud.forget()

        answers = await asyncio.gather(*(stage.job("grid", n) for n in range(1, callers)))

        assert {answer.source for answer in answers} == {"LIVE"}
        assert cloud.count(TOKEN) == 1
        with_old = [a for a in cloud.asked if a.headers.get("apim-accesstoken") == old]
        assert len(with_old) <= callers
        assert cloud.count(READ["grid"]) - len(with_old) == callers - 1


@EACH
async def test_a13_a_second_refusal_is_final(backend: str) -> None:
    async with staged() as stage:
        cloud = stage.clouds[backend]
        cloud.always(READ[backend], REFUSED_TOKENS[backend])

        answer = await stage.job(backend)

        assert answer.code == "PROVIDER_AUTH"
        assert (answer.error or {})["retryable"] is False
        assert cloud.count(READ[backend]) == {"grid": 2, "lights": 1}[backend]
        assert cloud.count(TOKEN) == {"grid": 2, "lights": 0}[backend]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (scripts.answering(503), "PROVIDER_UNAVAILABLE"),
        (scripts.answering(200, {"status": 1005, "msg": "failed"}), "PROVIDER_UNAVAILABLE"),
        (scripts.answering(200, {"status": 1003, "msg": "wrong"}), "PROVIDER_AUTH"),
        (scripts.reset_at_once, "PROVIDER_UNAVAILABLE"),
        (scripts.silent, "PROVIDER_TIMEOUT"),
    ],
    ids=["5xx", "failed", "refused", "reset", "silent"],
)
async def test_a14_without_a_token_calls_fail_fast_and_name_the_token_service(
    script: Script, code: str
) -> None:
    async with staged(hasty=True, requests={"deadline_s": 5.0}) as stage:
        cloud = stage.clouds["grid"]
        cloud.always(TOKEN, script)

        answers = await asyncio.gather(*(stage.job("grid", number) for number in range(20)))

        assert {answer.code for answer in answers} == {code}
        assert {(answer.error or {})["operation"] for answer in answers} == {TOKEN}
        assert cloud.count(TOKEN) <= 3
        assert cloud.most_at_once == 1
        assert cloud.count(READ["grid"]) == 0
        assert max(answer.elapsed_s for answer in answers) < 2 * (3 * ATTEMPT_S + 0.6 + GRACE_S)
        assert (await stage.job("lights")).source == "LIVE"


async def test_a14_a_token_is_renewed_ahead_of_its_end_while_all_others_go_on() -> None:
    life_s = 3.0
    renewals: list[float] = []

    async def never(exchange: Exchange) -> None:
        renewals.append(time.monotonic())
        await exchange.until_client_leaves()

    def short(body: dict[str, dict[str, object]]) -> None:
        body["data"]["expire"] = life_s

    async with staged(jobs=200, upstream={"attempt_timeout_s": 5.0}) as stage:
        cloud = stage.clouds["grid"]
        cloud.play(TOKEN, scripts.changing(short))
        await stage.job("grid", 0)
        began_at = time.monotonic()
        cloud.always(TOKEN, never)
        cloud.always("token.refresh", never)

        beside_a_renewal = 0
        for number in range(1, 200):
            if time.monotonic() - began_at > life_s - 0.1:
                break
            renewing = bool(renewals)
            assert (await stage.job("grid", number)).source == "LIVE"
            beside_a_renewal += renewing
            await asyncio.sleep(0.0 if time.monotonic() - began_at > 0.85 * life_s else 0.05)

        assert len(renewals) == 1
        assert renewals[0] - began_at >= 0.85 * life_s
        assert beside_a_renewal >= 1


def dated(stage: Stage, *, lie_s: float = 0.0) -> Script:
    """Answer as it should, with the cloud's own time in the head; `lie_s` more than it is."""

    async def script(exchange: Exchange) -> None:
        reply = await exchange.genuine()
        moment = datetime.fromtimestamp(stage.simulators.clock() + lie_s, UTC)
        date = {"date": format_datetime(moment, usegmt=True)}
        await exchange.say(whole_answer(reply.status_code, reply.content, date))

    return script


@EACH
@pytest.mark.parametrize("off_by_s", [_OFF_BY_S, -_OFF_BY_S], ids=["behind", "ahead"])
async def test_a15_a_clock_that_is_off_is_learnt_from_the_refusal_and_put_right_once(
    backend: str, off_by_s: float, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged() as stage:
        cloud = stage.clouds[backend]
        stage.simulators.clock.waited_s = off_by_s
        cloud.always("*", dated(stage))

        # The oldest ones: others do not exist yet on a cloud whose clock is behind.
        first = await stage.job(backend, -1)
        refused = len(cloud.asked) - len({each.operation for each in cloud.asked})
        calls = len(cloud.asked)
        second = await stage.job(backend, -2)

        assert (first.source, second.source) == ("LIVE", "LIVE")
        assert refused == 1
        assert len(cloud.asked) == calls + 1
        assert stage.metrics.total("provider.clock_skew", backend=backend) == 1
        told = [each for each in caplog.records if each.message == "provider.clock_skew"]
        assert [(each.levelno, vars(each)["backend"]) for each in told] == [
            (logging.WARNING, backend)
        ]


@EACH
async def test_a15_a_write_whose_time_is_refused_is_sent_once_more_and_done_once(
    backend: str, tmp_path: Path
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite") as stage:
        cloud = stage.clouds[backend]
        given = await stage.new_job(backend)

        async def off_from_now_on(exchange: Exchange) -> None:
            stage.simulators.clock.waited_s += _OFF_BY_S
            await dated(stage)(exchange)

        cloud.play(CREATE[backend], off_from_now_on)
        cloud.always("*", dated(stage))
        payload = await stage.create(given)

        assert payload["errors"] == []
        assert payload["operation"]["state"] == "SUCCEEDED"
        assert cloud.count(CREATE[backend]) == 2
        assert stage.simulators.made(backend) == [payload["otaJob"]["nativeId"]]


@EACH
async def test_a15_without_a_date_the_refusal_stands_and_names_the_clock(backend: str) -> None:
    async with staged() as stage:
        stage.simulators.clock.waited_s = _OFF_BY_S

        answer = await stage.job(backend)

        assert answer.code == "PROVIDER_AUTH"
        assert "clock" in answer.text
        assert len(stage.clouds[backend].asked) == 1
        assert stage.metrics.total("provider.clock_skew") == 0


@EACH
async def test_a15_a_date_that_lies_is_not_believed_for_ever(backend: str) -> None:
    async with staged() as stage:
        cloud = stage.clouds[backend]
        stage.simulators.clock.waited_s = _OFF_BY_S
        cloud.always("*", dated(stage, lie_s=2 * _OFF_BY_S))

        assert (await stage.job(backend)).code == "PROVIDER_AUTH"
        assert len(cloud.asked) == 2

        stage.simulators.clock.waited_s = 0.0
        cloud.calm()
        assert (await stage.job(backend)).source == "LIVE"
        assert stage.metrics.total("provider.clock_skew") == 0
