"""A cloud that costs next to nothing: it repeats from memory what a simulator answered once."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Replay:
    """Sends each request to the cloud once, however it is signed.

    Two requests are the same if method, path, query, body and the header that names the operation
    are. Answers must not stream.
    """

    def __init__(self, cloud: ASGIApp) -> None:
        self._cloud = cloud
        self._kept: dict[tuple[object, ...], list[Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._cloud(scope, receive, send)
            return
        request: Message = {"type": "http.request", "body": b""}
        more = True
        while more:
            part = await receive()
            request["body"] += part.get("body", b"")
            more = part.get("more_body", False)
        operation = dict(scope["headers"]).get(b"x-acs-action")
        key = (scope["method"], scope["path"], scope["query_string"], operation, request["body"])
        if key not in self._kept:
            self._kept[key] = await self._answer(scope, request)
        for message in self._kept[key]:
            await send(message)

    async def _answer(self, scope: Scope, request: Message) -> list[Message]:
        sent: list[Message] = []

        async def receive() -> Message:
            return request

        async def send(message: Message) -> None:
            sent.append(message)

        await self._cloud(scope, receive, send)
        return sent
