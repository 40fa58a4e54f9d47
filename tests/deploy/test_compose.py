"""deploy/compose: valid, closed, and in step with the settings and the files it mounts."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.settings import Settings, SettingsError
from tests.deploy.manifests import ROOT, deployed_settings, documents

FOLDER: Final = ROOT / "deploy" / "compose"
COMPOSE: Final = documents(FOLDER / "compose.yaml")[0]
TLS: Final = documents(FOLDER / "compose.tls.yaml")[0]
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
_VARIABLE: Final = re.compile(r"\$\{([A-Z_]+)(?::-[^}]*)?\}")


def settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Settings:
    gateway = SERVICES["gateway"]
    return deployed_settings(
        monkeypatch,
        folder,
        toml=FOLDER / "gateway.toml",
        environment=gateway["environment"],
        secrets=gateway["secrets"],
    )


@pytest.mark.parametrize("name", ["compose.yaml", "compose.tls.yaml"])
def test_it_is_valid_by_the_compose_specification(name: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(FOLDER / name)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_gateway_would_start_with_these_settings_and_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = settings(monkeypatch, tmp_path)

    assert set(chosen.backends) == {"enos_eu", "aliyun_shanghai"}
    assert chosen.server.host == "0.0.0.0"  # noqa: S104 - a container is reached from outside
    assert chosen.access.signs_in
    assert not chosen.observability.public_metrics


def test_a_secret_that_is_not_handed_over_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(SERVICES["gateway"], "secrets", ["cache_password", "metrics_token"])

    with pytest.raises(SettingsError, match=r"journal.password_file"):
        settings(monkeypatch, tmp_path)


def test_writes_are_on_because_the_journal_outlasts_the_containers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = settings(monkeypatch, tmp_path)
    postgres = SERVICES["postgres"]

    assert chosen.writes.enabled
    assert (
        chosen.journal.url == "postgresql://postgres:5432/" + postgres["environment"]["POSTGRES_DB"]
    )
    assert chosen.journal.username == postgres["environment"]["POSTGRES_USER"]
    assert "journal:/var/lib/postgresql/data" in postgres["volumes"]
    assert "journal" in COMPOSE["volumes"]


def test_the_replicas_share_the_rates_between_as_many_as_there_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = settings(monkeypatch, tmp_path)

    assert chosen.cache.url == "redis://valkey:6379/0"
    assert SERVICES["gateway"]["deploy"]["replicas"] == chosen.cache.replicas == 2


def test_a_gateway_has_time_to_end_before_it_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = settings(monkeypatch, tmp_path)
    answers_under_way_s = 30

    grace = SERVICES["gateway"]["stop_grace_period"]
    needed = chosen.server.drain_s + chosen.writes.grace_s + answers_under_way_s
    assert int(grace.removesuffix("s")) > needed
    # The proxy notices within two checks of two seconds.
    assert chosen.server.drain_s >= 5


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_closed(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "network_mode" not in service
    assert service["mem_limit"]
    assert service["pids_limit"]
    # The gateway's check is in its image.
    assert "healthcheck" in service or name == "gateway"


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned_to_a_release(name: str) -> None:
    image = SERVICES[name]["image"]

    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)?", image) or name == "gateway"


def test_only_the_proxy_and_grafana_are_published_and_those_on_this_machine_by_default() -> None:
    published = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}

    assert set(published) == {"proxy", "grafana"}
    assert published["proxy"] == ["${PUBLIC_ADDRESS:-127.0.0.1}:${PUBLIC_PORT:-8080}:8080"]
    assert published["grafana"][0].startswith("127.0.0.1:")


def test_the_stores_are_reached_by_gateways_alone() -> None:
    members = {
        network: {name for name, each in SERVICES.items() if network in each["networks"]}
        for network in COMPOSE["networks"]
    }

    assert members["stores"] == {"gateway", "valkey", "postgres"}
    assert COMPOSE["networks"]["stores"]["internal"] is True


@pytest.mark.parametrize(
    "mount",
    [
        mount
        for each in SERVICES.values()
        for mount in each.get("volumes", [])
        if mount.startswith(".")
    ],
)
def test_every_mounted_file_is_there_and_read_only(mount: str) -> None:
    source, _, mode = mount.split(":")

    assert (FOLDER / source).exists()
    assert mode == "ro"


def test_every_secret_is_a_file_that_git_does_not_see() -> None:
    secrets = COMPOSE["secrets"] | TLS["secrets"]
    used = {
        name
        for file in (COMPOSE, TLS)
        for each in file["services"].values()
        for name in each.get("secrets", [])
    }
    ignored = (FOLDER / ".gitignore").read_text(encoding="utf-8").split()

    assert used == set(secrets)
    assert {name: each["file"] for name, each in secrets.items()} == {
        name: f"./secrets/{name}" for name in secrets
    }
    assert {"secrets/", ".env"} <= set(ignored)


def test_no_secret_stands_in_an_environment() -> None:
    for each in SERVICES.values():
        for name, value in each.get("environment", {}).items():
            if re.search(r"(?i)password|secret|token", name):
                assert value.startswith("/run/secrets/")


def test_the_example_of_the_environment_names_what_is_used() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("compose*.yaml"))
    example = (FOLDER / ".env.example").read_text(encoding="utf-8")

    assert set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)) == set(_VARIABLE.findall(text))


def test_the_readme_makes_every_secret() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert [name for name in COMPOSE["secrets"] if name not in readme] == []
