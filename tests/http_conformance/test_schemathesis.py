"""schemathesis asks every operation what it likes, and finds no answer that is the gateway's fault.

It makes documents from the schema that it is told by introspection. An error with a path is a
finding, unless its code says that the client is to blame.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from graphql import build_schema

from gateway.schema.root import schema_text
from tests.read_path.processes import free_port, running, wait_for

pytestmark = pytest.mark.processes

_RUN_S: Final = 300.0
_EXAMPLES: Final = 5


@contextmanager
def served(module: str, *arguments: str) -> Iterator[str]:
    """The endpoint of `module`, run with `arguments`, in which `{port}` stands for its port."""
    port = free_port()
    with running("-m", module, *(each.format(port=port) for each in arguments)) as process:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}/graphql"


def judged(endpoint: str, mode: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What schemathesis finds, the same whenever it is asked; 0 is nothing, 1 something.

    `mode` is whether its documents agree with the schema: `positive` or `negative`. Left to choose,
    it sends hardly a value of note in so few examples that gets as far as a resolver.
    """
    judge = Path(sys.executable).with_name("schemathesis")
    return subprocess.run(
        [
            *(judge, "run", endpoint),
            *("--mode", mode, "--max-examples", str(_EXAMPLES), "--seed", "1"),
            *("--generation-database", "none", "--no-color"),
            # It cannot know which ids, hosts and dates there are: to refuse those is right.
            *("--exclude-checks", "positive_data_acceptance"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_RUN_S,
        check=False,
    )


def operations() -> int:
    """How many queries and mutations there are."""
    schema = build_schema(schema_text())
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    return len(schema.query_type.fields) + len(schema.mutation_type.fields)


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_every_operation_of_the_demo_withstands_what_it_is_asked(tmp_path: Path, mode: str) -> None:
    with served("gateway", "demo", "--port", "{port}") as endpoint:
        verdict = judged(endpoint, mode, tmp_path)

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    asked = re.search(r"(\d+) selected / (\d+) total", verdict.stdout)
    assert asked is not None
    assert (int(asked[1]), int(asked[2])) == (operations(), operations())
    cases = re.search(r"(\d+) generated, (\d+) passed", verdict.stdout)
    assert cases is not None
    assert cases[1] == cases[2]
    assert int(cases[1]) > operations()


@pytest.mark.parametrize(("state", "status"), [("sound", 0), ("broken", 1)])
def test_one_resolver_that_breaks_is_found(tmp_path: Path, state: str, status: int) -> None:
    with served("tests.http_conformance.planted_server", "{port}", state) as endpoint:
        verdict = judged(endpoint, "positive", tmp_path)

    assert verdict.returncode == status, verdict.stdout + verdict.stderr
    assert ("nobody thought of numbers other than 0" in verdict.stdout) == (state == "broken")
