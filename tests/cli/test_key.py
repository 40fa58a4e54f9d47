"""`ota-gateway key`: a key for the caller, its hash for the settings."""

import re
import tomllib
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from gateway.access.api_key import digest_in, digest_of_api_key, id_of_api_key
from gateway.cli.key import new_key
from gateway.cli.main import app
from gateway.domain.principal import Role
from gateway.settings.access import AccessSettings


def printed(*arguments: str) -> tuple[str, AccessSettings]:
    """The key and the settings that the command prints."""
    result = CliRunner().invoke(app, ["key", *arguments])
    assert result.exit_code == 0, result.output
    (key,) = re.findall(r"^otagw_\S+$", result.stdout, re.MULTILINE)
    assert result.stdout.count(key.rpartition("_")[2]) == 1
    table = result.stdout[result.stdout.index("[access.") :]
    return key, AccessSettings.model_validate(tomllib.loads(table)["access"])


def test_the_key_is_printed_once_and_its_hash_fits() -> None:
    key, access = printed("ci")

    settings = access.keys["ci"]
    assert id_of_api_key(key) == "ci"
    assert digest_in(settings.hash) == digest_of_api_key(key)
    assert (settings.tenant, settings.role, settings.expires_at) == ("default", Role.READ, None)


def test_tenant_role_and_end_can_be_chosen() -> None:
    _, access = printed("ci", "--tenant", "acme", "--role", "operate", "--days", "30")

    settings = access.keys["ci"]
    assert (settings.tenant, settings.role) == ("acme", Role.OPERATE)
    assert settings.expires_at is not None
    left = settings.expires_at - datetime.now(UTC)
    assert timedelta(days=29) < left <= timedelta(days=30)


def test_each_call_makes_another_key() -> None:
    assert printed("ci")[0] != printed("ci")[0]


def test_the_end_of_a_key_stands_in_its_table() -> None:
    ends = datetime(2027, 1, 1, 12, 30, tzinfo=UTC)
    _, table = new_key("ci", tenant="default", role=Role.ADMIN, expires_at=ends)
    assert tomllib.loads(table)["access"]["keys"]["ci"]["expires_at"] == ends


@pytest.mark.parametrize(
    "arguments",
    [
        ["CI"],
        ["a b"],
        ["ci", "--tenant", 'x"\nrole = "admin'],
        ["ci", "--role", "root"],
        ["ci", "--days", "0"],
        [],
    ],
)
def test_wrong_arguments_make_no_key(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["key", *arguments])
    assert result.exit_code == 2
    assert "otagw_" not in result.output
