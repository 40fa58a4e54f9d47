"""Judges that others wrote, against running processes over real HTTP."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.http_conformance.judges import install, judged, judgement
from tests.read_path.processes import (
    free_port,
    running,
    running_clouds,
    running_gateway,
    wait_for,
)

pytestmark = pytest.mark.processes

_AUDITS: Final = 61


@pytest.fixture(scope="module", autouse=True)
def _judges() -> None:
    install()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The gateway itself, on simulated clouds."""
    with (
        running_clouds() as clouds,
        running_gateway(clouds.backends, "", tmp_path_factory.mktemp("gateway")) as found,
    ):
        yield found.endpoint


@pytest.fixture(scope="module")
def small() -> Iterator[str]:
    """The endpoint on a schema that has subscriptions."""
    port = free_port()
    with running("-m", "tests.app.graphql.small_server", str(port)) as process:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}/graphql"


def test_every_audit_of_graphql_over_http_passes(gateway: str) -> None:
    report = judged("audits.js", gateway, str(_AUDITS))

    found = re.search(r"(\d+) of (\d+) audits passed", report)
    assert found
    assert found[1] == found[2]
    assert int(found[1]) >= _AUDITS


def test_a_suite_that_shrank_does_not_pass(gateway: str) -> None:
    assert judgement("audits.js", gateway, "1000").returncode == 1


def test_the_client_of_graphql_ws_is_served(small: str) -> None:
    assert "as it should be" in judged("sockets.js", small)


def test_the_client_of_graphql_sse_is_served(small: str) -> None:
    assert "as it should be" in judged("events.js", small)


def test_the_gateway_itself_answers_over_a_socket_and_an_event_stream(gateway: str) -> None:
    assert "as it should be" in judged("gateway.js", gateway)


def test_the_lock_file_names_no_host() -> None:
    lock = (Path(__file__).parent / "package-lock.json").read_text(encoding="utf-8")

    assert '"resolved"' not in lock
