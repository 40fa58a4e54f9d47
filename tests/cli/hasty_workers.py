"""`ota-gateway serve` with several workers, but for how patient they are with their own writes.

    python -m tests.cli.hasty_workers PORT

The settings come from the environment.
"""

import sys
from typing import Final

from gateway.app.overrides import Overrides
from gateway.cli.workers import serve_workers
from gateway.settings import Settings
from tests.exactly_once.processes import HASTY

INTERRUPTED: Final = 130
"""What a command ends with after Ctrl-C."""

if __name__ == "__main__":  # workers import this module too
    try:
        serve_workers(
            Settings.build({}),
            host="127.0.0.1",
            port=int(sys.argv[1]),
            overrides=Overrides(writes=HASTY),
        )
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
