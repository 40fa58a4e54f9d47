"""A process that serves the small schema: python -m tests.app.graphql.small_server PORT."""

import sys

from gateway.app.health import Readiness
from gateway.cli.serving import server
from tests.app.graphql.serving import small_app


def main() -> None:
    """Serve until told to stop, as the gateway does."""
    ran = small_app()
    readiness = Readiness()
    readiness.on_stop(ran.endpoint.end_streams)
    server(ran.app, host="127.0.0.1", port=int(sys.argv[1]), readiness=readiness).run()


if __name__ == "__main__":
    main()
