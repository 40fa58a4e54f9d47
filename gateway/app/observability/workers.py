"""Several worker processes behind one port, counted together.

Whichever worker is scraped answers for all. Each writes its numbers to files in one folder, which
the Prometheus client does when an environment variable names that folder as it is imported: so the
folder is set up by the parent, before the workers start.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

_OF_A_PROCESS: Final = re.compile(r"gauge_live[a-z]*_(\d+)\.db")


@contextmanager
def shared_metrics(parent: Path | None = None) -> Iterator[Path]:
    """Give the workers that start within the block one folder for their numbers.

    It is new, so nothing of an earlier run is counted, and gone afterwards. `parent` is where it is
    made; None for the system's folder for temporary files.
    """
    before = os.environ.get(VARIABLE)
    with TemporaryDirectory(prefix="ota-gateway-metrics-", dir=parent) as folder:
        os.environ[VARIABLE] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before


def shared_folder() -> Path | None:
    """The folder of this process and its siblings; None if it counts alone."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder else None


def forget_dead_workers(folder: Path) -> None:
    """Remove the gauges of workers that run no longer; what they counted stays counted."""
    for file in folder.iterdir():
        found = _OF_A_PROCESS.fullmatch(file.name)
        if found is not None and not _runs(int(found[1])):
            file.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
