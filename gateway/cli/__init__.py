"""The command line: `ota-gateway demo | serve | check | schema`."""

from gateway.cli.main import app

__all__ = ["app"]
