"""A gateway as `gateway serve` runs it, but for how patient it is with its own writes."""

import os
from collections.abc import Mapping
from typing import Any

from gateway.app.factory import create_app
from gateway.app.overrides import Overrides
from gateway.cli.serving import server, spare_the_collector
from gateway.service.writing.policy import WritePolicy
from gateway.settings import Settings


def run_gateway(
    values: Mapping[str, Any], port: int, policy: WritePolicy, patience_s: int, log: str
) -> None:
    """Serve on loopback until told to stop; what it logs goes to the file `log`.

    When it is told to, requests under way have `patience_s` to end.
    """
    with open(log, "ab") as file:  # noqa: PTH123 - its descriptor is what matters
        os.dup2(file.fileno(), 2)
    app = create_app(Settings.build(values), Overrides(writes=policy))
    serving = server(app, host="127.0.0.1", port=port, ready=spare_the_collector)
    serving.config.timeout_graceful_shutdown = patience_s
    serving.run()
