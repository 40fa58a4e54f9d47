"""`python -m gateway` is `ota-gateway`."""

from gateway.cli import app

app()
