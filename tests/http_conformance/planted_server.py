"""A small GraphQL server for judges to be judged by: sound, or with one resolver that breaks.

python -m tests.http_conformance.planted_server PORT sound|broken
"""

import sys

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from strawberry.asgi import GraphQL


def application(*, broken: bool) -> Starlette:
    """The application; if it is `broken`, `half` takes 0 alone."""

    @strawberry.type
    class Query:
        @strawberry.field
        def double(self, number: int) -> float:
            return 2.0 * number

        @strawberry.field
        def half(self, number: int) -> float:
            if broken and number:
                message = "nobody thought of numbers other than 0"
                raise RuntimeError(message)
            return number / 2

    graphql = GraphQL[None, None](strawberry.Schema(query=Query))
    health = Route("/healthz", lambda _: PlainTextResponse("ok"))
    return Starlette(routes=[health, Mount("/graphql", graphql)])


if __name__ == "__main__":
    uvicorn.run(
        application(broken=sys.argv[2] == "broken"),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="critical",
    )
