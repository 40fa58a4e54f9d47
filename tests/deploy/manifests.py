"""The files of `deploy/`, read, and the settings that a gateway deployed by them would have."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from gateway.settings import ENV_PREFIX, Settings
from gateway.settings.root import CONFIG_VARIABLE
from tests.packaging.dockerfile import parse

ROOT: Final = Path(__file__).parents[2]
SECRETS: Final = "/run/secrets"


def documents(path: Path) -> list[dict[str, Any]]:
    """Every document of a YAML file."""
    return [each for each in YAML(typ="safe", pure=True).load_all(path) if each is not None]


def image_environment() -> Mapping[str, str]:
    """What the image of the Dockerfile sets."""
    return parse((ROOT / "Dockerfile").read_text(encoding="utf-8"))[-1].environment()


def deployed_settings(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    *,
    toml: Path,
    environment: Mapping[str, str],
    secrets: Iterable[str],
) -> Settings:
    """Settings from the file and the environment of a deployment, over those of the image.

    `secrets` are the names of the files under /run/secrets; a setting that asks for another one
    raises `SettingsError`.
    """
    for name in secrets:
        (folder / name).write_text(f"canary-{name}-0123456789", encoding="utf-8")
    config = folder / "gateway.toml"
    text = toml.read_text(encoding="utf-8").replace(f'"{SECRETS}/', f'"{folder}/')
    config.write_text(text, encoding="utf-8")
    for name, value in {**image_environment(), **environment}.items():
        if name.startswith(ENV_PREFIX):
            section = name.removeprefix(ENV_PREFIX).lower().partition("__")[0]
            # Of a section that there is not, nothing else would take notice.
            assert name == CONFIG_VARIABLE or section in Settings.model_fields, name
            monkeypatch.setenv(name, value)
    return Settings.load(config)
