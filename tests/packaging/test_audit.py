"""`.ci/audit`: finds what is known, and is never green because nobody answered."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.advisories import Advisories, serving_advisories
from tests.packaging.tools import run

HASH = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def advisories() -> Iterator[Advisories]:
    with serving_advisories() as known:
        yield known


@pytest.fixture
def project(tmp_path: Path, advisories: Advisories) -> Path:
    """One Python and one npm package, of which nothing bad is known."""
    advisories.python = {"jinja2"}
    advisories.npm = {"minimist"}
    (tmp_path / "requirements.txt").write_text(
        f"some-package==1.2.3 ; python_version >= '3' \\\n    --hash={HASH}\n", encoding="utf-8"
    )
    page = tmp_path / "web" / "page"
    page.mkdir(parents=True)
    package = {"name": "page", "dependencies": {"left": "1.0.0"}}
    lock = {
        "lockfileVersion": 3,
        "packages": {"": package, "node_modules/left": {"version": "1.0.0"}},
    }
    (page / "package.json").write_text(json.dumps(package), encoding="utf-8")
    (page / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    return tmp_path


def audit(
    project: Path, advisories: Advisories, *words: str, address: str | None = None
) -> subprocess.CompletedProcess[str]:
    address = address or advisories.address
    return run(
        "audit",
        *("--osv-url", f"{address}/osv", *words, str(project)),
        tools=("pip-audit", "npm"),
        environment={
            "npm_config_registry": f"{address}/npm/",
            "npm_config_fetch_retries": "0",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        },
    )


def test_nothing_known_is_green(project: Path, advisories: Advisories) -> None:
    done = audit(project, advisories, "--must-reach")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "audit: Python: 1 packages, 0 problems",
        "audit: web/page: 1 packages, 0 problems",
    ]


def test_a_known_vulnerability_of_a_python_package_is_red(
    project: Path, advisories: Advisories
) -> None:
    advisories.python.add("some-package")
    done = audit(project, advisories)

    assert done.returncode == 1
    assert "some-package 1.2.3: GHSA-test-some-package, fixed in 99" in done.stdout


def test_a_known_vulnerability_of_an_npm_package_is_red(
    project: Path, advisories: Advisories
) -> None:
    advisories.npm.add("left")
    done = audit(project, advisories)

    assert done.returncode == 1
    assert "left: made up, https://example.com/advisories/GHSA-test-left" in done.stdout


def test_a_service_that_cannot_be_reached_is_a_warning_with_its_reason(
    project: Path, advisories: Advisories
) -> None:
    nowhere = "http://127.0.0.1:9"
    done = audit(project, advisories, address=nowhere)

    assert done.returncode == 0
    python, page = done.stdout.splitlines()
    assert python.startswith("audit: WARNING: Python is NOT AUDITED, nobody to ask: ")
    assert "127.0.0.1" in python
    assert page.startswith("audit: WARNING: web/page is NOT AUDITED, nobody to ask: npm audit says")
    assert audit(project, advisories, "--must-reach", address=nowhere).returncode == 1


def test_a_service_that_knows_nothing_is_not_believed(
    project: Path, advisories: Advisories
) -> None:
    advisories.python.clear()
    advisories.npm.clear()
    done = audit(project, advisories, "--must-reach")

    assert done.returncode == 1
    assert "knows nothing of jinja2 2.4.1" in done.stdout
    assert "the registry knows nothing of minimist 0.0.8" in done.stdout


def test_a_folder_with_nothing_to_audit_is_red(tmp_path: Path, advisories: Advisories) -> None:
    assert audit(tmp_path, advisories).returncode == 1


def test_a_package_that_the_tool_leaves_out_is_red(
    project: Path, advisories: Advisories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / "pip-audit"
    tool.parent.mkdir()
    known = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "x", "fix_versions": []}]}
    left_out = {"name": "some-package", "skip_reason": "made up"}
    tool.write_text(
        "#!/bin/sh\n"
        f"case \"$*\" in *everything*) echo '{json.dumps({'dependencies': [left_out]})}';; "
        f"*) echo '{json.dumps({'dependencies': [known]})}';; esac\n",
        encoding="utf-8",
    )
    tool.chmod(0o755)
    monkeypatch.setattr("tests.packaging.tools.TOOLS", tool.parent)
    done = audit(project, advisories)

    assert done.returncode == 1
    assert "some-package: not audited" in done.stdout
