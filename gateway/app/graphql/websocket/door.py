"""The handshake of a WebSocket: refused over HTTP where it can be, before the socket is open."""

from typing import Generic

from starlette.types import Receive, Scope, Send

from gateway.app.graphql.executor import PreparedT
from gateway.app.graphql.parts import Parts
from gateway.app.graphql.replies import JSON, CloseCode, Closing, Refused
from gateway.app.graphql.reply import Reply, send_reply
from gateway.app.graphql.request_context import ContextT
from gateway.app.graphql.request_head import RequestHead, request_id_of
from gateway.app.graphql.websocket.messages import SUBPROTOCOL
from gateway.app.graphql.websocket.origin import check_origin
from gateway.app.graphql.websocket.socket import Socket
from gateway.app.graphql.websocket.wire import Wire


class WebSocketDoor(Generic[PreparedT, ContextT]):
    """Takes the WebSockets of the endpoint."""

    def __init__(self, parts: Parts[PreparedT, ContextT]) -> None:
        """Open nothing yet."""
        self._parts = parts

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket, from its handshake to its end."""
        request_id = request_id_of(scope)
        socket: Socket[PreparedT, ContextT] | None = None
        wire = Wire(receive, send, stall_timeout_s=self._parts.limits.stall_timeout_s)
        try:
            head = RequestHead.read(scope, self._parts.limits)
            check_origin(head, self._parts.origins)
            # A wrong header is refused here and now; without one, the first message may do.
            if head.authorization is not None:
                await self._parts.admit(head.authorization)
            socket = Socket(self._parts, wire, request_id=request_id, head=head)
            with self._parts.streams.opened(socket.end) as place:
                await wire.accepted(
                    SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None, request_id
                )
                if SUBPROTOCOL not in scope["subprotocols"]:
                    reason = f"the subprotocol must be {SUBPROTOCOL}"
                    await wire.close(Closing(CloseCode.SUBPROTOCOL, reason))
                    return
                await socket.converse(place)
        except Refused as refused:
            await _refuse(scope, send, refused, request_id)


async def _refuse(scope: Scope, send: Send, refused: Refused, request_id: str) -> None:
    """Answer the handshake with a status, or with a bare 403 where the server knows no other."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": int(CloseCode.FORBIDDEN)})
        return
    reply = Reply.refusing(refused, media_type=JSON, request_id=request_id)
    await send_reply(send, reply, request_id=request_id, kind="websocket.http")
