"""The README: every query, setting and command in it is run as it stands there."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from gateway.access.opening import running_gate
from gateway.app.examples import EXAMPLES
from gateway.domain.principal import Role
from gateway.settings import Settings
from gateway.settings.access import AccessSettings

from .demo import ROOT, Demo, environment, free_port, running

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
PORT: Final = free_port()
COMMANDS_TRIED_HERE: Final = {
    "make demo": "test_make_demo_answers_and_stops_on_ctrl_c",
    "make test": "this run",
    "ota-gateway check --config gateway.toml": "test_the_example_settings_start_check_and_serve",
    "ota-gateway serve --config gateway.toml": "test_the_example_settings_start_check_and_serve",
    "ota-gateway key dashboard --role read --days 365": "test_a_key_lets_its_caller_in",
}

pytestmark = pytest.mark.processes


def blocks(language: str) -> list[str]:
    """Code blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> Iterator[str]:
    """Commands of the shell blocks, continued lines joined."""
    for block in blocks("sh"):
        yield from block.replace("\\\n", " ").strip().splitlines()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running(["make", "demo", f"PORT={PORT}"], PORT) as started:
        yield started


def test_every_command_is_one_that_is_tried() -> None:
    others = [command for command in commands() if command not in COMMANDS_TRIED_HERE]

    assert {shlex.split(command)[0] for command in others} == {"curl", "export"}


def test_the_banner_names_the_address_and_three_queries(demo: Demo) -> None:
    assert f"{demo.address}/graphql" in demo.banner
    assert f"{demo.address}/healthz" in demo.banner


def test_the_first_query_gets_an_answer_of_the_shape_shown(demo: Demo) -> None:
    answer = demo.ask(blocks("graphql")[0])
    shown = json.loads(blocks("json")[0])

    def shape(value: object) -> object:
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items()}
        return [shape(item) for item in value] if isinstance(value, list) else "..."

    assert shape(answer["data"]) == shape(shown["data"])
    created = [edge["node"]["createdAt"] for edge in answer["data"]["otaJobs"]["edges"]]
    assert created == sorted(created, reverse=True)


def test_the_queries_are_the_tabs_of_the_explorer() -> None:
    assert blocks("graphql") == [example.query for example in EXAMPLES]


def test_every_query_runs_without_an_error(demo: Demo) -> None:
    for query in blocks("graphql"):
        assert "errors" not in demo.ask(query)


def test_jobs_of_both_clouds_are_in_one_list(demo: Demo) -> None:
    answer = demo.ask("{ otaJobs(first: 100) { edges { node { backend { provider } } } } }")

    clouds = {edge["node"]["backend"]["provider"] for edge in answer["data"]["otaJobs"]["edges"]}
    assert clouds == {"enos", "alibaba"}


def test_the_curl_command_works_as_it_stands(demo: Demo) -> None:
    (curl,) = [command for command in commands() if command.startswith("curl")]

    done = subprocess.run(
        shlex.split(curl.replace("http://127.0.0.1:8000", demo.address)),
        capture_output=True,
        check=True,
        timeout=30,
    )

    edges = json.loads(done.stdout)["data"]["otaJobs"]["edges"]
    assert [set(edge["node"]) for edge in edges] == [{"nativeId", "status", "createdAt"}] * 5


def settings_in_the_table() -> dict[str, str]:
    """Defaults by setting, where the table tells a plain value for each that a row names."""
    found: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", README, flags=re.MULTILINE):
        keys, values = re.findall(r"`([^`]+)`", names), defaults.split(", ")
        section = keys[0].rpartition(".")[0]
        for key, value in zip(keys, values, strict=False):
            whole = section + key if key.startswith(".") else key
            if value.startswith("`"):
                found[whole] = value.strip("`")
    return found


def test_the_settings_table_tells_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in exports().items():
        monkeypatch.setenv(name, value)
    settings = Settings.build(tomllib.loads(blocks("toml")[0]))
    told = {
        key: value
        for key, value in settings_in_the_table().items()
        if not key.startswith(("backends.", "tenants."))
    }

    for key, value in told.items():
        default: object = settings
        for name in key.split("."):
            default = getattr(default, name)
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        assert shown.removesuffix(".0") == value, key
    assert len(told) > 30


def exports() -> dict[str, str]:
    """The variables that the README sets."""
    return dict(
        shlex.split(command)[1].split("=", 1)
        for command in commands()
        if command.startswith("export")
    )


def test_the_example_settings_load_with_the_example_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = "\n".join(blocks("toml"))
    (tmp_path / "gateway.toml").write_text(example, encoding="utf-8")
    for name, value in exports().items():
        monkeypatch.setenv(name, value)

    settings = Settings.load(tmp_path / "gateway.toml")

    assert set(settings.backends) == set(tomllib.loads(example)["backends"])
    assert settings.backends_by_tenant == {"europe": ("enos_eu",), "china": ("aliyun_shanghai",)}
    assert settings.access.signs_in


def made_key() -> str:
    """What the command that makes a key prints."""
    command = next(command for command in commands() if command.startswith("ota-gateway key"))
    return subprocess.run(
        [sys.executable, "-m", "gateway", *shlex.split(command)[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout


async def test_a_key_lets_its_caller_in() -> None:
    made = made_key()
    (key,) = re.findall(r"^otagw_\w+$", made, flags=re.MULTILINE)
    access = AccessSettings(**tomllib.loads(made[made.index("[access") :])["access"])

    async with running_gate(access.sign_in({})) as gate:
        principal = await gate.admit(f"Bearer {key}")

    assert (principal.id, principal.role) == ("key:dashboard", Role.READ)


def test_the_example_settings_start_check_and_serve(tmp_path: Path) -> None:
    """Without accounts `check` says why nothing works, and `serve` serves all the same."""
    backends, _access = blocks("toml")
    nowhere = backends.replace("https://apim-eu.example.com", "https://127.0.0.1:9").replace(
        'region_id = "cn-shanghai"', 'endpoint = "https://127.0.0.1:9"'
    )
    (tmp_path / "gateway.toml").write_text(nowhere, encoding="utf-8")
    gateway = [sys.executable, "-m", "gateway"]
    env = {**environment(), **exports(), "PYTHONPATH": os.fspath(ROOT), "COLUMNS": "200"}

    checked = subprocess.run(
        [*gateway, "check", "--config", "gateway.toml"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert checked.returncode == 1
    assert checked.stdout.count("PROVIDER_UNAVAILABLE") == 4
    assert "enos_eu" in checked.stdout
    assert "aliyun_shanghai" in checked.stdout


def test_make_demo_answers_and_stops_on_ctrl_c() -> None:
    port = free_port()
    with running([sys.executable, "-m", "gateway", "demo", "--port", str(port)], port) as started:
        assert "errors" not in started.ask("{ backends { name } }")

        status, rest = started.stop()

    assert status == 0
    assert "Stopped." in rest
    assert "Traceback" not in rest
