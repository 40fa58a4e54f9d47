"""A server of `test_stopping`, with an application that is slow on purpose.

`/slow` answers once SIGUSR1 comes, `/stream` goes on until the server ends streams. At last the
application writes `closed`, which only an orderly end does.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.responses import StreamingResponse

from gateway.app.health import Readiness, health_routes
from gateway.cli.serving import server


def application(readiness: Readiness) -> FastAPI:
    go, ended = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, go.set)
        readiness.on_stop(ended.set)
        readiness.started()
        yield
        say("closed")

    app = FastAPI(lifespan=lifespan)
    app.include_router(health_routes(readiness))

    @app.get("/slow")
    async def slow() -> str:
        say("slow")
        await go.wait()
        return "done"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def events() -> AsyncIterator[bytes]:
            yield b"begun "
            await ended.wait()
            yield b"ended"

        return StreamingResponse(events())

    return app


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(port: int, drain_s: float) -> None:
    readiness = Readiness()
    app = application(readiness)
    server(
        app,
        host="127.0.0.1",
        port=port,
        ready=lambda: say("ready"),
        readiness=readiness,
        drain_s=drain_s,
    ).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
