"""The judges from npm: installed once, run by name."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

_HERE: Final = Path(__file__).parent
_INSTALL_S: Final = 300.0
_RUN_S: Final = 120.0


def install() -> None:
    """Install the packages of the lock file, unless they are there.

    Without node the test is skipped, except in CI, where that is a failure.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        reason = "node and npm are not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    if not (_HERE / "node_modules").is_dir():
        done = subprocess.run(
            ["npm", "ci", "--silent"],  # noqa: S607 - wherever it is installed
            cwd=_HERE,
            capture_output=True,
            text=True,
            timeout=_INSTALL_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def judgement(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `script` says, and whether all is well."""
    return subprocess.run(
        ["node", script, *arguments],  # noqa: S607 - wherever it is installed
        cwd=_HERE,
        capture_output=True,
        text=True,
        timeout=_RUN_S,
        check=False,
    )


def judged(script: str, *arguments: str) -> str:
    """What `script` says, all of it; it has to say that all is well."""
    done = judgement(script, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
