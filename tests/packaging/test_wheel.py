"""The wheel: everything the gateway needs at run time, and nothing else."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from gateway import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = out.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        yield archive


def test_the_explorer_and_the_type_marker_are_in_it(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())

    assert "gateway/py.typed" in names
    assert "gateway/app/static/explorer/index.html" in names
    built = {path.name for path in (ROOT / "gateway/app/static/explorer/assets").iterdir()}
    packed = {name.rpartition("/")[2] for name in names if "/explorer/assets/" in name}
    assert packed == built


def test_what_makes_the_journal_s_tables_is_in_it(wheel: zipfile.ZipFile) -> None:
    steps = {path.name for path in (ROOT / "gateway/journal/migrations").glob("**/*.py")}
    packed = {
        name.rpartition("/")[2] for name in wheel.namelist() if "/journal/migrations/" in name
    }

    assert "env.py" in packed
    assert packed == steps


def test_it_holds_the_package_alone(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}

    assert tops == {"gateway", f"ota_gateway-{__version__}.dist-info"}


def test_its_metadata_names_the_command_and_the_version(wheel: zipfile.ZipFile) -> None:
    about = f"ota_gateway-{__version__}.dist-info"
    metadata = Parser().parsestr(wheel.read(f"{about}/METADATA").decode())
    entry_points = wheel.read(f"{about}/entry_points.txt").decode()

    assert metadata["Name"] == "ota-gateway"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert "ota-gateway = gateway.cli:app" in entry_points
