"""The command line: `ota-gateway demo | serve | check | key | schema`."""

from gateway.cli.main import app

__all__ = ["app"]
