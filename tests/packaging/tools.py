"""The scripts of `.ci/`, run as they are run there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
# Those of the environment that runs the tests, also where it is not activated.
TOOLS: Path = Path(sys.executable).parent
_TIMEOUT_S: Final = 300.0


def run(
    script: str, *words: str, tools: tuple[str, ...], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`.ci/<script>` with these words.

    Without one of its tools the test is skipped, but fails where it must run: with `CI` set.
    """
    path = f"{TOOLS}:{os.environ['PATH']}"
    missing = [tool for tool in tools if shutil.which(tool, path=path) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI needs {', '.join(missing)}")
    if missing:
        pytest.skip(f"no {', '.join(missing)}; they are in requirements-audit.txt")
    return subprocess.run(
        [sys.executable, str(ROOT / ".ci" / script), *words],
        env={**os.environ, "PATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
