"""The Dockerfile's steps, run in an empty folder, and the gateway that they make.

No engine is needed. `tests.packaging.engine` says what it does differently.
"""

import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from gateway import __version__
from gateway.settings import Settings
from tests.packaging.dockerfile import Instruction, Stage, parse
from tests.packaging.dockerignore import Ignored
from tests.packaging.engine import Engine, Image

ROOT: Final = Path(__file__).parents[2]
STATE: Final = "/var/lib/ota-gateway"
NOBODY: Final = "10001"
_START_S: Final = 60.0
_STOP_S: Final = 30.0
_LAB: Final = {
    "OTA_GATEWAY_BACKENDS__LAB__PROVIDER": "enos",
    "OTA_GATEWAY_BACKENDS__LAB__ENDPOINT": "http://127.0.0.1:9",
    "OTA_GATEWAY_BACKENDS__LAB__ORG_ID": "o1",
    "OTA_GATEWAY_BACKENDS__LAB__APP_KEY": "key",
    "OTA_GATEWAY_BACKENDS__LAB__APP_SECRET": "secret",
}
"""A backend that is never asked for anything."""


@pytest.fixture(scope="module")
def stages() -> list[Stage]:
    return parse((ROOT / "Dockerfile").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def image(stages: list[Stage], tmp_path_factory: pytest.TempPathFactory) -> Image:
    ignored = Ignored.parse((ROOT / ".dockerignore").read_text(encoding="utf-8"))
    scratch = tmp_path_factory.mktemp("image")
    return Engine(scratch=scratch, context=ROOT, ignored=ignored).build(stages)


@contextmanager
def running(image: Image, more: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The image's own command until the block ends: its address and its environment.

    It listens on loopback; `more` is environment on top of the image's.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **image.environment,
        "OTA_GATEWAY_SERVER__HOST": "127.0.0.1",
        "OTA_GATEWAY_SERVER__PORT": str(port),
        **more,
    }
    words = image.stage.last("ENTRYPOINT").words() + image.stage.last("CMD").words()
    process: subprocess.Popen[Any]
    with subprocess.Popen(
        image.command(words), cwd=image.path(image.workdir), env=environment
    ) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process)
            yield f"http://127.0.0.1:{port}", environment
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_S)
            assert process.returncode in {0, -signal.SIGTERM}
        finally:
            process.kill()


def wait_for(address: str, process: subprocess.Popen[Any]) -> None:
    until = time.monotonic() + _START_S
    with httpx.Client(trust_env=False, timeout=_START_S) as http:
        while process.poll() is None and time.monotonic() < until:
            try:
                http.get(address).raise_for_status()
            except httpx.ConnectError:
                time.sleep(0.05)  # it is starting: nothing to wait on but the port
            else:
                return
    pytest.fail(f"nothing answers at {address}")


def healthy(image: Image, environment: Mapping[str, str]) -> bool:
    """What the image's health check says."""
    keyword, _, words = image.stage.last("HEALTHCHECK").rest.partition(" ")
    assert keyword == "CMD"
    command = image.command(Instruction(keyword="CMD", flags={}, rest=words).words())
    done = subprocess.run(
        command, env=dict(environment), capture_output=True, timeout=_START_S, check=False
    )
    return done.returncode == 0


def files(folder: Path) -> dict[Path, int]:
    """Every file below, and when it was last written to."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.processes
def test_the_command_of_the_image_serves_and_is_healthy(image: Image) -> None:
    with running(image, _LAB) as (address, environment):
        with httpx.Client(trust_env=False, timeout=30) as http:
            answer = http.post(f"{address}/graphql", json={"query": "{ backends { name } }"})
        assert answer.json()["data"] == {"backends": [{"name": "lab"}]}
        assert healthy(image, environment)
    assert not healthy(image, environment), "the check must notice that nobody answers"


@pytest.mark.processes
def test_it_writes_nowhere_but_into_its_state(image: Image, tmp_path: Path) -> None:
    before = files(image.root)
    with running(
        image, {**_LAB, "OTA_GATEWAY_WRITES__ENABLED": "true", "TMPDIR": str(tmp_path)}
    ) as (address, _):
        assert httpx.get(f"{address}/healthz", trust_env=False).status_code == 200
    after = files(image.root)

    state = image.path(STATE)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert (state / "ota-gateway-journal.sqlite3").exists()
    assert {path for path in changed if not path.is_relative_to(state)} == set()


@pytest.mark.processes
def test_as_it_is_it_refuses_to_serve_everybody(image: Image) -> None:
    words = image.stage.last("ENTRYPOINT").words() + image.stage.last("CMD").words()
    done = subprocess.run(
        image.command(words),
        cwd=image.path(image.workdir),
        env={**image.environment, **_LAB, "OTA_GATEWAY_SERVER__PORT": "0"},
        capture_output=True,
        text=True,
        timeout=_START_S / 3,
        check=False,
    )
    assert done.returncode == 2
    assert "access" in done.stderr


@pytest.mark.processes
def test_it_is_this_version_and_holds_no_tools_to_build_with(image: Image) -> None:
    done = subprocess.run(
        image.command(["ota-gateway", "--version"]),
        env=dict(image.environment),
        capture_output=True,
        text=True,
        timeout=_START_S,
        check=True,
    )
    installed = {
        path.name.partition("-")[0].lower()
        for path in image.root.rglob("site-packages/*.dist-info")
    }

    assert done.stdout == f"ota-gateway {__version__}\n"
    assert {"ota_gateway", "strawberry_graphql"} <= installed
    assert not {"pip", "setuptools", "wheel", "hatchling", "pytest"} & installed


@pytest.mark.processes
def test_its_user_owns_the_state_and_nothing_else(image: Image) -> None:
    (user,) = image.recorded("useradd")
    (group,) = image.recorded("groupadd")

    assert f"--uid {NOBODY} --gid {NOBODY}" in user
    assert f"--gid {NOBODY}" in group
    assert image.recorded("chown") == [f"{NOBODY}:{NOBODY} {image.path(STATE)}"]
    assert image.path(STATE).stat().st_mode & 0o777 == 0o700
    assert image.stage.last("USER").rest == f"{NOBODY}:{NOBODY}"
    assert image.stage.last("VOLUME").words() == [STATE]


def test_both_stages_stand_on_one_pinned_base(stages: list[Stage]) -> None:
    (base,) = {stage.base for stage in stages}

    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base)


def test_everything_from_an_index_is_installed_by_hash(stages: list[Stage]) -> None:
    steps = [step.rest for stage in stages for step in stage.all("RUN")]
    installs = [each for step in steps for each in step.split("&&") if " install " in each]

    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)
    assert all("--no-deps" in each for each in installs)


def test_what_builds_it_is_what_the_project_names() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pinned = (ROOT / "requirements-build.txt").read_text(encoding="utf-8")

    backend = re.search(r'requires = \["(hatchling==[^"]+)"\]', project)
    assert backend
    assert f"{backend[1]} \\\n" in pinned


def test_nothing_but_what_it_names_reaches_the_build(stages: list[Stage]) -> None:
    ignored = Ignored.parse((ROOT / ".dockerignore").read_text(encoding="utf-8"))
    named = {
        source.rstrip("/")
        for stage in stages
        for step in stage.all("COPY")
        if "from" not in step.flags
        for source in step.rest.split()[:-1]
    }

    let_through = {path.name for path in ROOT.iterdir() if not ignored.ignores(path.name)}
    assert let_through == named
    assert ignored.ignores("gateway/app/__pycache__/health.cpython-311.pyc")
    assert ignored.ignores("deploy/compose/secrets/journal_password")


def test_its_environment_is_settings_that_write_nothing_and_hold_no_secret(
    stages: list[Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = stages[-1].environment()
    for name, value in {**own, **_LAB}.items():
        if name.startswith("OTA_GATEWAY_"):
            monkeypatch.setenv(name, value)
    settings = Settings.load()

    assert settings.server.host == "0.0.0.0"  # noqa: S104 - a container is reached from outside
    assert settings.server.port == int(stages[-1].last("EXPOSE").rest)
    assert settings.journal.url.startswith("sqlite:///")
    assert stages[-1].last("WORKDIR").rest == STATE
    assert not settings.writes.enabled
    assert not [name for name in own if re.search(r"(?i)secret|password|token|key", name)]
