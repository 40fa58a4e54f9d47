"""`ota-gateway serve` refuses to start open to a network."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.access.api_key import hash_text, mint_api_key
from gateway.cli import main
from gateway.settings import Settings

OPEN = """
[backends.one]
provider = "alibaba"
"""
KEYS = f"""
[access.keys.ci]
hash = "{hash_text(mint_api_key("ci"))}"
role = "read"
"""
ANONYMOUS = """
[access]
anonymous = true
"""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that would have been listened on; nothing is."""
    hosts: list[str] = []

    def serve(settings: Settings, *, host: str, port: int) -> None:
        del settings, port
        hosts.append(host)

    monkeypatch.setattr(main, "serve", serve)
    monkeypatch.setenv("OTA_GATEWAY_BACKENDS__ONE__ACCESS_KEY_ID", "id")
    monkeypatch.setenv("OTA_GATEWAY_BACKENDS__ONE__ACCESS_KEY_SECRET", "word")
    return hosts


def serve(folder: Path, settings: str, *arguments: str) -> Result:
    file = folder / "gateway.toml"
    file.write_text(settings, encoding="utf-8")
    return CliRunner().invoke(main.app, ["serve", "--config", str(file), *arguments])


def test_an_open_gateway_does_not_start_on_a_network(tmp_path: Path, served: list[str]) -> None:
    for arguments, settings in (
        (["--host", "0.0.0.0"], OPEN),  # noqa: S104 - the very address that must be refused
        ([], '[server]\nhost = "gateway.internal"\n' + OPEN),
    ):
        result = serve(tmp_path, settings, *arguments)
        assert result.exit_code == 2
        assert "server.host: " in result.stderr
        assert "access.anonymous = true" in result.stderr
    assert served == []


def test_the_host_of_the_command_line_is_the_one_that_counts(
    tmp_path: Path, served: list[str]
) -> None:
    exposed = '[server]\nhost = "gateway.internal"\n' + OPEN
    assert serve(tmp_path, exposed, "--host", "127.0.0.1").exit_code == 0
    assert served == ["127.0.0.1"]


@pytest.mark.parametrize("access", [KEYS, ANONYMOUS])
def test_it_starts_where_callers_sign_in_or_open_is_meant(
    tmp_path: Path, served: list[str], access: str
) -> None:
    result = serve(tmp_path, OPEN + access, "--host", "::")
    assert (result.exit_code, served) == (0, ["::"])


def test_it_starts_openly_on_this_machine(tmp_path: Path, served: list[str]) -> None:
    assert serve(tmp_path, OPEN).exit_code == 0
    assert served == ["127.0.0.1"]


def test_a_key_of_an_unknown_tenant_is_refused(tmp_path: Path, served: list[str]) -> None:
    result = serve(tmp_path, OPEN + KEYS + 'tenant = "acme"\n')
    assert result.exit_code == 2
    assert "access.keys.ci.tenant: there is no such tenant" in result.stderr
    assert served == []
