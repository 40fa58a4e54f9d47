"""Sending a reply."""

from starlette.types import Message

from gateway.app.graphql.replies import JSON, Refused, Why
from gateway.app.graphql.reply import Reply, send_reply


async def test_a_client_that_is_gone_is_no_failure() -> None:
    tried: list[str] = []

    async def send(message: Message) -> None:
        tried.append(message["type"])
        raise OSError

    reply = Reply.refusing(Refused(Why.UNREADABLE), media_type=JSON, request_id="id")
    await send_reply(send, reply, request_id="id")

    assert tried == ["http.response.start"]
