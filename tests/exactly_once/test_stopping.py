"""Gateways that are told to stop in the middle of a write, and callers who leave in it."""

import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from tests.exactly_once.clients import CREATION, Wish, ask, made, operations
from tests.exactly_once.processes import Clouds, Gateway, running_gateway

pytestmark = pytest.mark.processes

WITHIN_S: Final = 20.0
LATE: Final = {"attempt_timeout_s": 60.0}
"""An upstream that may answer late, so that nothing but the end of the gateway cuts a write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Clouds, a journal in a file, and callers who need not be waited for."""

    clouds: Clouds
    folder: Path
    pool: ThreadPoolExecutor

    def wish(self, cloud: str) -> Wish:
        """A job that nobody else wants."""
        return Wish(key=uuid4().hex, cloud=cloud)

    def wishes(self) -> list[Wish]:
        """One on each cloud."""
        return [self.wish(cloud) for cloud in CREATION]

    @contextmanager
    def gateway(self, *, patience_s: int = 30, grace_s: float = 20.0) -> Iterator[Gateway]:
        """A gateway on the journal."""
        with running_gateway(
            self.clouds,
            f"sqlite:///{self._journal}",
            self.folder,
            patience_s=patience_s,
            upstream=LATE,
            writes={"grace_s": grace_s},
        ) as running:
            yield running

    def begin(
        self, gateway: Gateway, wish: Wish, *, answer_after_s: float, patience_s: float = 60.0
    ) -> Future[dict[str, Any] | None]:
        """Ask for a job whose cloud answers late; returns when the cloud has made it."""
        self.clouds.order(wish.cloud, "delay", CREATION[wish.cloud], delay_s=answer_after_s)
        answer = self.pool.submit(ask, gateway, self.clouds, wish, patience_s=patience_s)
        until = time.monotonic() + WITHIN_S
        while not self.jobs(wish):
            assert time.monotonic() < until
            time.sleep(0.02)
        return answer

    def jobs(self, wish: Wish) -> list[str]:
        """Ids of the jobs that were made of a wish."""
        return made(self.clouds, wish.cloud).get(wish.key, [])

    def state(self, wish: Wish) -> str:
        """What the journal says of a wish, whoever is alive."""
        with closing(sqlite3.connect(self._journal)) as connection:
            query = "SELECT state FROM operations WHERE idempotency_key = ?"
            ((state,),) = connection.execute(query, (wish.key,))
        return str(state)

    @property
    def _journal(self) -> Path:
        return self.folder / "journal.sqlite3"


@pytest.fixture
def scene(clouds: Clouds, tmp_path: Path) -> Iterator[Scene]:
    with ThreadPoolExecutor(4) as pool:
        yield Scene(clouds=clouds, folder=tmp_path, pool=pool)


def when_settled(gateway: Gateway, wish: Wish) -> dict[str, Any]:
    """The operation of a wish, once nothing more becomes of it; nobody asks for the job again."""
    until = time.monotonic() + WITHIN_S
    while True:
        (found,) = (each for each in operations(gateway) if each["idempotencyKey"] == wish.key)
        if found["settled"]:
            return found
        assert time.monotonic() < until, found
        time.sleep(0.05)


def test_writes_under_way_end_and_new_ones_are_refused_when_the_gateway_is_told_to_stop(
    scene: Scene,
) -> None:
    wishes, others = scene.wishes(), scene.wishes()
    with scene.gateway() as gateway, httpx.Client(trust_env=False) as known:
        assert known.post(gateway.endpoint, json={"query": "{ __typename }"}).is_success
        answers = [scene.begin(gateway, wish, answer_after_s=1.5) for wish in wishes]
        gateway.signal(signal.SIGTERM)
        time.sleep(0.5)  # it looks for signals every tenth of a second
        for other in others:
            with pytest.raises(httpx.TransportError):  # over a connection from before
                known.post(gateway.endpoint, json=other.body(scene.clouds))
            assert ask(gateway, scene.clouds, other) is None
        under_way = [not answer.done() for answer in answers]
        payloads = [answer.result() for answer in answers]
        gateway.wait()

    assert under_way == [True, True]
    assert [scene.jobs(other) for other in others] == [[], []]
    for wish, payload in zip(wishes, payloads, strict=True):
        (job,) = scene.jobs(wish)
        assert payload is not None
        assert payload["errors"] == []
        assert payload["operation"]["subject"] == job
        assert scene.state(wish) == "SUCCEEDED"


def test_writes_that_outlast_the_grace_are_journalled_as_sent_and_found_after_the_restart(
    scene: Scene,
) -> None:
    wishes = scene.wishes()
    with scene.gateway(patience_s=1, grace_s=0.2) as gateway:
        answers = [scene.begin(gateway, wish, answer_after_s=60.0) for wish in wishes]
        gateway.signal(signal.SIGTERM)
        gateway.wait()
        for answer in answers:
            answer.exception()  # whatever it is told, it is told before the end
    left = [scene.state(wish) for wish in wishes]
    with scene.gateway() as gateway:
        settled = [when_settled(gateway, wish) for wish in wishes]
        again = [ask(gateway, scene.clouds, wish) for wish in wishes]

    assert left == ["SENT", "SENT"]
    for wish, operation, payload in zip(wishes, settled, again, strict=True):
        (job,) = scene.jobs(wish)
        assert (operation["state"], operation["subject"]) == ("SUCCEEDED", job)
        assert payload is not None
        assert (payload["replayed"], payload["errors"]) == (True, [])
        assert payload["operation"]["subject"] == job


def test_writes_go_on_when_their_callers_leave(scene: Scene) -> None:
    wishes = scene.wishes()
    with scene.gateway() as gateway:
        answers = [
            scene.begin(gateway, wish, answer_after_s=1.5, patience_s=1.0) for wish in wishes
        ]
        left = [answer.result() is None for answer in answers]
        settled = [when_settled(gateway, wish) for wish in wishes]
        again = [ask(gateway, scene.clouds, wish) for wish in wishes]

    assert left == [True, True]
    for wish, operation, payload in zip(wishes, settled, again, strict=True):
        (job,) = scene.jobs(wish)
        assert (operation["state"], operation["subject"]) == ("SUCCEEDED", job)
        assert len(operation["requestIds"]) == 1  # it was told how it went, and did not look
        assert payload is not None
        assert payload["replayed"]


def test_a_gateway_that_is_told_to_stop_ends_the_write_whose_caller_left(scene: Scene) -> None:
    wish = scene.wish("alibaba")
    with scene.gateway(patience_s=1) as gateway:
        answer = scene.begin(gateway, wish, answer_after_s=2.5, patience_s=0.5)
        left = answer.result() is None
        gateway.signal(signal.SIGTERM)
        gateway.wait()

    assert left
    assert scene.state(wish) == "SUCCEEDED"
    assert len(scene.jobs(wish)) == 1
