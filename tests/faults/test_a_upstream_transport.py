"""Connections to a cloud that fail, hang or break: rows A1 to A9."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.faults import scripts
from tests.faults.scripted_upstream import Exchange, Script, honest
from tests.faults.stage import (
    ATTEMPT_S,
    ATTEMPTS,
    BACKENDS,
    CONNECT_S,
    CREATE,
    DEADLINE_S,
    EACH,
    GRACE_S,
    OTHER,
    PACKAGE,
    READ,
    JobAnswer,
    Stage,
    staged,
)

_SLOW_MACHINE: Final = 2.0
_BACKOFF_S: Final = 0.2 + 0.4
_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
_BOTH: Final = """
query Both($grid: String!, $lights: String!) {
  grid: otaJob(by: {native: {backend: "grid", nativeId: $grid}}) { nativeId }
  lights: otaJob(by: {native: {backend: "lights", nativeId: $lights}}) { nativeId }
}
"""


def in_time(answer: JobAnswer) -> bool:
    return answer.elapsed_s <= (DEADLINE_S + GRACE_S) * _SLOW_MACHINE


@EACH
async def test_a01_a_refused_connection_fails_the_fields_of_its_backend_alone(
    backend: str,
) -> None:
    async with staged(proxied=True) as stage:
        await stage.proxies[backend].aclose()  # nobody listens there any more

        ids = {name: stage.jobs[name][0] for name in BACKENDS}
        answer = await stage.ask(_BOTH, **ids)

        other = OTHER[backend]
        assert answer["data"] == {backend: None, other: {"nativeId": ids[other]}}
        (error,) = answer["errors"]
        assert error["path"] == [backend]
        assert error["extensions"]["code"] == "PROVIDER_UNAVAILABLE"
        assert error["extensions"]["retryable"] is True
        assert answer["extensions"]["upstream"]["calls"] <= ATTEMPTS + 1 + 1  # a token and a job
        assert stage.metrics.total("provider.retry", backend=backend) == ATTEMPTS - 1


@EACH
async def test_a01_a_write_that_was_never_sent_is_tried_again_and_done_once(
    backend: str, tmp_path: Path
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite3") as stage:
        cloud = stage.clouds[backend]
        given = await stage.new_job(backend)

        async def last_words(exchange: Exchange) -> None:
            await honest(exchange)
            cloud.deafen()

        cloud.play(PACKAGE[backend], last_words)  # what a creation looks at before it begins
        refused = await stage.create(given)
        await cloud.listen()
        done = await stage.create(given)

        assert [error["code"] for error in refused["errors"]] == ["PROVIDER_UNAVAILABLE"]
        assert refused["errors"][0]["retryable"]
        assert refused["operation"]["state"] == "NOT_DONE"
        assert stage.metrics.total("provider.retry", operation=CREATE[backend]) == ATTEMPTS - 1
        assert (done["errors"], done["operation"]["attempts"]) == ([], 2)
        assert stage.simulators.made(backend) == [done["otaJob"]["nativeId"]]


@pytest.fixture
def black_hole() -> Iterator[str]:
    """An address whose SYNs are dropped: the queue of its listener is full, and stays so."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        place = listener.getsockname()
        for _ in range(4):
            visitor = stack.enter_context(socket.socket())
            visitor.setblocking(False)
            visitor.connect_ex(place)
        yield f"http://127.0.0.1:{place[1]}"


@EACH
async def test_a02_a_black_hole_costs_the_connect_limit_and_not_the_minutes_of_the_system(
    backend: str, black_hole: str
) -> None:
    async with staged(hasty=True, own={backend: {"endpoint": black_hole}}) as stage:
        answer = await stage.job(backend)

        assert answer.code == "PROVIDER_UNAVAILABLE"
        assert stage.clouds[backend].asked == []
        assert answer.elapsed_s >= ATTEMPTS * CONNECT_S
        assert answer.elapsed_s <= (ATTEMPTS * CONNECT_S + _BACKOFF_S) * _SLOW_MACHINE


@EACH
async def test_a03_a_cloud_that_never_answers_is_asked_again_while_there_is_time(
    backend: str,
) -> None:
    async with staged(hasty=True) as stage:
        await stage.job(OTHER[backend])
        stage.clouds[backend].always(READ[backend], scripts.silent)

        answer = await stage.job(backend)

        assert answer.code in {"PROVIDER_TIMEOUT", "DEADLINE_EXCEEDED"}
        assert in_time(answer)
        assert 2 <= stage.clouds[backend].count(READ[backend]) <= ATTEMPTS


@EACH
async def test_a03_one_silence_is_bridged_by_another_attempt(backend: str) -> None:
    async with staged(hasty=True) as stage:
        stage.clouds[backend].play(READ[backend], scripts.silent)
        assert (await stage.job(backend)).source == "LIVE"
        assert stage.clouds[backend].count(READ[backend]) == 2


@EACH
async def test_a04_a_dripped_answer_is_cut_at_the_deadline(backend: str) -> None:
    async with staged(hasty=True, upstream={"attempt_timeout_s": 60.0}) as stage:
        drip = scripts.dripping(_HEAD, b" ", every_s=0.05)
        stage.clouds[backend].always(READ[backend], drip)

        answer = await stage.job(backend)

        assert answer.code in {"PROVIDER_TIMEOUT", "DEADLINE_EXCEEDED"}
        assert answer.elapsed_s >= 0.9 * DEADLINE_S
        assert in_time(answer)


@EACH
async def test_a04_a_dripped_answer_is_cut_at_the_limit_of_the_attempt(backend: str) -> None:
    async with staged(hasty=True) as stage:
        drip = scripts.dripping(_HEAD, b" ", every_s=0.05)
        stage.clouds[backend].play(READ[backend], drip)

        answer = await stage.job(backend)

        assert answer.source == "LIVE"
        assert answer.elapsed_s >= ATTEMPT_S
        assert in_time(answer)


@EACH
async def test_a04_a_connection_that_drips_is_no_better(backend: str) -> None:
    async with staged(hasty=True, proxied=True) as stage:
        stage.proxies[backend].sicken(drip_s=0.05)
        answer = await stage.job(backend)
        assert answer.code in {"PROVIDER_TIMEOUT", "DEADLINE_EXCEEDED"}
        assert in_time(answer)


@EACH
async def test_a05_dripped_headers_are_cut_as_well(backend: str) -> None:
    async with staged(hasty=True, upstream={"attempt_timeout_s": 60.0}) as stage:
        drip = scripts.dripping(b"HTTP/1.1 200 OK\r\nx-slow: ", b"a", every_s=0.05)
        stage.clouds[backend].always(READ[backend], drip)

        answer = await stage.job(backend)

        assert answer.code in {"PROVIDER_TIMEOUT", "DEADLINE_EXCEEDED"}
        assert in_time(answer)


def _reset(exchange: Exchange) -> None:
    exchange.reset()


def _end(exchange: Exchange) -> None:
    exchange.end()


async def _read_again(stage: Stage, backend: str, accident: Script) -> None:
    """One accident is made good by a second attempt; one that lasts is the cloud's failure."""
    cloud = stage.clouds[backend]
    cloud.play(READ[backend], accident)
    assert (await stage.job(backend, 0)).source == "LIVE"
    assert cloud.count(READ[backend]) == 2

    cloud.always(READ[backend], accident)
    broken = await stage.job(backend, 1)
    assert broken.code == "PROVIDER_UNAVAILABLE"
    assert cloud.count(READ[backend]) == 2 + ATTEMPTS


async def _written_once(stage: Stage, backend: str, accident: Script) -> None:
    """A creation whose answer is lost is unknown, then found, and never sent again."""
    given = await stage.new_job(backend)
    stage.clouds[backend].play(CREATE[backend], accident)

    payload = await stage.create(given)
    operation = await stage.settled(payload["operation"]["id"])
    again = await stage.create(given)

    assert [error["code"] for error in payload["errors"]] == ["OUTCOME_UNKNOWN"]
    assert payload["operation"]["state"] == "UNKNOWN"
    (made,) = stage.simulators.made(backend)
    assert (operation["state"], operation["subject"]) == ("SUCCEEDED", made)
    assert (again["replayed"], again["otaJob"]["nativeId"]) == (True, made)
    assert stage.clouds[backend].count(CREATE[backend]) == 1


@EACH
async def test_a06_a_read_reset_in_the_middle_is_repeated(backend: str) -> None:
    async with staged() as stage:
        await _read_again(stage, backend, scripts.breaking_off(0.5, after=_reset))


@EACH
async def test_a06_a_write_reset_in_the_middle_is_unknown_and_never_repeated(
    backend: str, tmp_path: Path
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite3") as stage:
        await _written_once(stage, backend, scripts.breaking_off(0.5, after=_reset))


@EACH
async def test_a06_a_network_that_resets_is_no_better_than_a_cloud(backend: str) -> None:
    async with staged(proxied=True) as stage:
        await stage.job(backend, 0)
        stage.proxies[backend].sicken(reset_after=40)
        assert (await stage.job(backend, 1)).code == "PROVIDER_UNAVAILABLE"


@EACH
async def test_a07_a_read_shorter_than_announced_is_repeated(backend: str) -> None:
    async with staged() as stage:
        await _read_again(stage, backend, scripts.breaking_off(0.5, after=_end))


@EACH
async def test_a07_a_write_answered_shorter_than_announced_is_unknown(
    backend: str, tmp_path: Path
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite3") as stage:
        await _written_once(stage, backend, scripts.breaking_off(0.5, after=_end))


@EACH
async def test_a08_half_a_document_without_length_is_an_error_and_never_kept(
    backend: str,
) -> None:
    share = 0.0

    async def half(exchange: Exchange) -> None:
        body = (await exchange.genuine()).content
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
        await exchange.say(head + body[: int(len(body) * share)])
        exchange.end()

    async with staged() as stage:
        for number, share in enumerate((0.0, 0.5, 0.99)):  # noqa: B007 - `half` goes by it
            stage.clouds[backend].play(READ[backend], half)
            broken = await stage.job(backend, number)
            whole = await stage.job(backend, number)

            assert (broken.node, broken.code) == (None, "PROVIDER_CONTRACT")
            assert whole.source == "LIVE"


def _closing_kept_ones() -> Script:
    """A server that closes a connection just as a second request comes on it."""
    seen: set[int] = set()

    async def script(exchange: Exchange) -> None:
        if exchange.asked.connection in seen:
            exchange.end()
            return
        seen.add(exchange.asked.connection)
        await honest(exchange)

    return script


@EACH
async def test_a09_a_read_on_a_connection_that_just_closed_is_repeated(backend: str) -> None:
    async with staged() as stage:
        stage.clouds[backend].always("*", _closing_kept_ones())
        for number in range(3):
            assert (await stage.job(backend, number)).source == "LIVE"
        assert stage.clouds[backend].count(READ[backend]) <= 3 * 2


@EACH
async def test_a09_a_write_never_goes_out_on_a_connection_that_was_kept(
    backend: str, tmp_path: Path
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite3") as stage:
        given = await stage.new_job(backend)
        cloud = stage.clouds[backend]
        cloud.forget()

        payload = await stage.create(given)

        assert payload["errors"] == []
        (written,) = (asked for asked in cloud.asked if asked.operation == CREATE[backend])
        on_it = [asked for asked in cloud.asked if asked.connection == written.connection]
        assert on_it == [written]
        assert len(cloud.asked) > 1


@EACH
async def test_a09_a_write_met_by_a_close_is_unknown_and_never_repeated(
    backend: str, tmp_path: Path
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite3") as stage:
        await _written_once(stage, backend, scripts.lost)


@EACH
async def test_a09_idle_connections_are_given_up_before_the_cloud_gives_them_up(
    backend: str,
) -> None:
    async with staged(proxied=True) as stage:
        proxy = stage.proxies[backend]
        await asyncio.gather(*(stage.job(backend, number) for number in range(3)))
        before = proxy.connections
        await stage.job(backend, 3)
        assert proxy.connections == before  # kept a moment ago, used again
