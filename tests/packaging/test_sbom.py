"""`.ci/sbom`: every pinned package is in a bill that the standard's own schema accepts."""

import json
import re
from typing import Any

import pytest

from gateway import __version__
from tests.packaging.tools import ROOT, run


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    out = tmp_path_factory.mktemp("sbom")
    done = run("sbom", str(out), tools=("cyclonedx-py", "npm"))
    assert done.returncode == 0, done.stderr
    return {
        path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.iterdir())
    }


def purls(bill: dict[str, Any]) -> set[str]:
    return {each["purl"].partition("?")[0] for each in bill["components"]}


def test_there_is_one_for_python_and_one_for_each_page(bills: dict[str, dict[str, Any]]) -> None:
    pages = {path.parent.name for path in ROOT.glob("web/*/package-lock.json")}

    assert set(bills) == {
        "ota-gateway.cdx.json",
        *(f"ota-gateway-{page}.cdx.json" for page in pages),
    }
    for name, bill in bills.items():
        about = bill["metadata"]["component"]
        assert (about["name"], about["version"]) == (name.removesuffix(".cdx.json"), __version__)


def test_every_pinned_python_package_is_in_it(bills: dict[str, dict[str, Any]]) -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pinned = re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE)

    assert len(pinned) > 20
    assert purls(bills["ota-gateway.cdx.json"]) == {
        f"pkg:pypi/{name}@{version}" for name, version in pinned
    }


@pytest.mark.parametrize(
    "page", sorted(path.parent.name for path in ROOT.glob("web/*/package-lock.json"))
)
def test_every_pinned_npm_package_is_in_it(bills: dict[str, dict[str, Any]], page: str) -> None:
    lock = ROOT / "web" / page / "package-lock.json"
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    pinned = {
        f"pkg:npm/{path.rpartition('node_modules/')[2].replace('@', '%40')}@{each['version']}"
        for path, each in packages.items()
        if path
    }

    assert purls(bills[f"ota-gateway-{page}.cdx.json"]) == pinned


def test_the_standard_accepts_them(bills: dict[str, dict[str, Any]]) -> None:
    schema = pytest.importorskip("cyclonedx.schema")
    validation = pytest.importorskip("cyclonedx.validation.json")
    for bill in bills.values():
        version = schema.SchemaVersion.from_version(bill["specVersion"])
        validator = validation.JsonStrictValidator(version)
        assert validator.validate_str(json.dumps(bill)) is None
