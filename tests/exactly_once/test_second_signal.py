"""A gateway that is told twice to stop, in the middle of a write, ends at once and owes nothing."""

import signal
import time

import pytest

from tests.exactly_once.clients import CREATION, ask
from tests.exactly_once.test_stopping import Scene, scene, when_settled

pytestmark = pytest.mark.processes

__all__ = ["scene"]


@pytest.mark.parametrize("cloud", CREATION)
def test_the_journal_says_sent_and_the_next_gateway_finds_out(scene: Scene, cloud: str) -> None:
    wish = scene.wish(cloud)
    with scene.gateway() as gateway:
        answer = scene.begin(gateway, wish, answer_after_s=60.0)
        gateway.signal(signal.SIGTERM)
        time.sleep(0.5)  # it looks for signals every tenth of a second
        waits = gateway.process.is_alive()
        began = time.monotonic()
        gateway.signal(signal.SIGTERM)
        gateway.wait()
        took_s = time.monotonic() - began
        answer.exception()
    left = scene.state(wish)
    with scene.gateway() as gateway:
        settled = when_settled(gateway, wish)
        again = ask(gateway, scene.clouds, wish)

    assert waits
    assert took_s < 15
    assert left == "SENT"
    (job,) = scene.jobs(wish)
    assert (settled["state"], settled["subject"]) == ("SUCCEEDED", job)
    assert again is not None
    assert again["operation"]["subject"] == job
