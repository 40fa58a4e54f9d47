"""The graphql-transport-ws protocol, message by message, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from gateway.app.graphql.limits import Limits
from tests.app.graphql.serving import Bell, Served, served, until
from tests.app.graphql.small_schema import SECRET

PROTOCOL = Subprotocol("graphql-transport-ws")
INIT = {"type": "connection_init"}
ACK = {"type": "connection_ack"}


class Talk:
    """One conversation."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self.connection.send(text)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            found: dict[str, Any] = json.loads(await self.connection.recv())
            return found

    async def init(self, **payload: str) -> None:
        await self.say({**INIT, "payload": payload})
        assert await self.hear() == ACK

    async def ask(self, query: str, id: str = "1", **more: object) -> None:  # noqa: A002 - its name
        await self.say({"id": id, "type": "subscribe", "payload": {"query": query, **more}})

    async def closed(self) -> tuple[int, str]:
        """The code and reason with which the other side closes."""
        async with asyncio.timeout(10):
            with suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        assert self.connection.close_code is not None
        return self.connection.close_code, self.connection.close_reason or ""


@asynccontextmanager
async def talking(
    gateway: Served,
    *,
    subprotocols: Sequence[Subprotocol] | None = (PROTOCOL,),
    origin: str | None = None,
    authorization: str | None = None,
) -> AsyncIterator[Talk]:
    async with connect(
        gateway.address.replace("http", "ws", 1),
        subprotocols=subprotocols,
        origin=None if origin is None else Origin(origin),
        additional_headers={"Authorization": authorization} if authorization else None,
        proxy=None,
        compression=None,
        close_timeout=1,
    ) as connection:
        yield Talk(connection)


async def test_a_query_is_one_next_and_complete() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.ask("query Q($t: String!) { echo(text: $t) }", variables={"t": "x"})

        assert await talk.hear() == {
            "id": "1",
            "type": "next",
            "payload": {"data": {"echo": "x"}},
        }
        assert await talk.hear() == {"id": "1", "type": "complete"}


async def test_a_subscription_is_a_next_for_each_answer() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.ask("subscription { count(to: 2) }")
        heard = [await talk.hear() for _ in range(3)]

    assert [message["type"] for message in heard] == ["next", "next", "complete"]
    assert [message["payload"]["data"]["count"] for message in heard[:2]] == [0, 1]


async def test_operations_run_side_by_side_and_an_id_is_free_after_its_end() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.ask("subscription { ticks }", id="a")
        assert (await talk.hear())["id"] == "a"
        for _ in range(2):
            await talk.ask("{ hello }", id="b")
            assert [(await talk.hear())["type"] for _ in range(2)] == ["next", "complete"]


async def test_pings_are_answered_before_and_after_init() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.say({"type": "ping"})
        assert await talk.hear() == {"type": "pong"}
        await talk.init()
        await talk.say({"type": "pong", "payload": {"any": 1}})
        await talk.say({"type": "ping", "payload": {"any": 1}})
        assert await talk.hear() == {"type": "pong"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"),
        ("query($t: String!) { echo(text: $t) }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($to: Int!) { count(to: $to) }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_bad_document_fails_alone_and_the_socket_stays(query: str, code: str) -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.ask(query)
        refused = await talk.hear()

        assert (refused["id"], refused["type"]) == ("1", "error")
        assert refused["payload"][0]["extensions"]["code"] == code
        await talk.ask("{ hello }")
        assert (await talk.hear())["payload"] == {"data": {"hello": "world"}}


async def test_a_fault_ends_the_operation_masked() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.ask("subscription { failing }")
        heard = [json.dumps(await talk.hear()) for _ in range(2)]

    assert SECRET not in "".join(heard)
    assert "INTERNAL_ERROR" in heard[1]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("", id="nothing"),
        pytest.param("[]", id="an array"),
        pytest.param(json.dumps([INIT]), id="an array of messages"),
        pytest.param("null", id="null"),
        pytest.param("1", id="a number"),
        pytest.param({}, id="no type"),
        pytest.param({"type": "start"}, id="an unknown type"),
        pytest.param({"type": 1}, id="a type that is a number"),
        pytest.param({"type": ["ping"]}, id="a type that is an array"),
        pytest.param({"type": "ping", "payload": []}, id="a payload that is an array"),
        pytest.param({"type": "subscribe", "payload": {"query": "{ hello }"}}, id="no id"),
        pytest.param(
            {"id": 1, "type": "subscribe", "payload": {"query": "{ hello }"}}, id="a numeric id"
        ),
        pytest.param(
            {"id": "", "type": "subscribe", "payload": {"query": "{ hello }"}}, id="an empty id"
        ),
        pytest.param(
            {"id": "x" * 129, "type": "subscribe", "payload": {"query": "{ hello }"}},
            id="a long id",
        ),
        pytest.param({"id": "1", "type": "subscribe"}, id="no payload"),
        pytest.param({"id": "1", "type": "subscribe", "payload": []}, id="a batch"),
        pytest.param({"id": "1", "type": "subscribe", "payload": {}}, id="no query"),
        pytest.param(
            {"id": "1", "type": "subscribe", "payload": {"query": 1}}, id="a query of a number"
        ),
        pytest.param(
            {"id": "1", "type": "subscribe", "payload": {"query": "{ hello }", "variables": [1]}},
            id="variables that are an array",
        ),
        pytest.param(
            {"id": "1", "type": "subscribe", "payload": {"query": "{ hello }", "extensions": 1}},
            id="extensions that are a number",
        ),
        pytest.param(
            {"id": "1", "type": "subscribe", "payload": {"query": "{}", "operationName": 1}},
            id="an operation's name of a number",
        ),
        pytest.param({"type": "complete"}, id="complete without an id"),
        pytest.param('{"type":"ping","type":"ping"}', id="a key twice"),
        pytest.param('{"type":"ping","payload":{"a":NaN}}', id="NaN"),
        pytest.param('{"type":"ping","payload":{"a":"\\ud800"}}', id="half a surrogate pair"),
        pytest.param("[" * 100_000, id="100,000 deep"),
        pytest.param({"type": "connection_ack"}, id="a message of the other side"),
    ],
)
async def test_a_message_that_is_none_closes_the_socket_with_4400(message: object) -> None:
    async with served() as gateway:
        async with talking(gateway) as talk:
            await talk.init()
            await talk.say(message)
            code, reason = await talk.closed()
        health = await gateway.post({"query": "{ hello }"})

    assert code == 4400
    assert reason
    assert health.status == 200


@pytest.mark.parametrize("payload", [[], 1, "x", {"authorization": 1}])
async def test_an_init_with_a_payload_that_is_none_is_4400(payload: object) -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.say({**INIT, "payload": payload})
        assert (await talk.closed())[0] == 4400


async def test_bytes_are_4400() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.connection.send(json.dumps(INIT).encode())
        assert (await talk.closed())[0] == 4400


async def test_a_message_that_is_too_large_is_1009() -> None:
    async with served(limits=Limits(max_body_bytes=10_000)) as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.say({"type": "ping", "payload": {"a": "a" * 10_000}})
        assert (await talk.closed())[0] == 1009


async def test_an_operation_before_init_is_4401() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.ask("{ hello }")
        assert await talk.closed() == (4401, "Unauthorized")


async def test_no_init_in_time_is_4408() -> None:
    async with (
        served(limits=Limits(init_timeout_s=0.05)) as gateway,
        talking(gateway) as talk,
    ):
        assert await talk.closed() == (4408, "Connection initialisation timeout")


async def test_an_init_in_time_stays() -> None:
    async with (
        served(limits=Limits(init_timeout_s=0.2)) as gateway,
        talking(gateway) as talk,
    ):
        await talk.init()
        await asyncio.sleep(0.3)
        await talk.ask("{ hello }")
        assert (await talk.hear())["type"] == "next"


async def test_a_second_init_is_4429() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.say(INIT)
        assert await talk.closed() == (4429, "Too many initialisation requests")


async def test_an_id_that_is_in_use_is_4409_and_ends_what_runs() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.ask("subscription { ticks }", id="it")
        await gateway.witness.until("ticks began")
        await talk.ask("{ hello }", id="it")
        assert await talk.closed() == (4409, "Subscriber for it already exists")
        await gateway.witness.until("ticks closed")


@pytest.mark.parametrize(
    "subprotocols", [None, [Subprotocol("graphql-ws")], [Subprotocol("graphql-transport-wss")]]
)
async def test_another_subprotocol_is_4406(subprotocols: Sequence[Subprotocol] | None) -> None:
    async with (
        served() as gateway,
        talking(gateway, subprotocols=subprotocols) as talk,
    ):
        assert (await talk.closed())[0] == 4406


async def test_the_subprotocol_is_found_among_others() -> None:
    others = [Subprotocol("graphql-ws"), PROTOCOL]
    async with served() as gateway, talking(gateway, subprotocols=others) as talk:
        assert talk.connection.subprotocol == PROTOCOL
        await talk.init()


async def test_complete_ends_a_subscription_and_says_nothing_more_of_it() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.ask("subscription { ticks }")
        await talk.hear()
        await gateway.witness.until("ticks began")
        await talk.say({"id": "1", "type": "complete"})
        await gateway.witness.until("ticks closed")
        await talk.say({"id": "unknown", "type": "complete"})
        await talk.ask("{ hello }")
        assert (await talk.hear())["payload"] == {"data": {"hello": "world"}}


async def test_complete_ends_a_query_and_not_a_mutation() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init()
        for number, query in enumerate(("{ held }", "mutation { write }")):
            await talk.ask(query, id=str(number))
        await gateway.witness.until("query began")
        await gateway.witness.until("write of it began")
        for number in range(2):
            await talk.say({"id": str(number), "type": "complete"})
        await gateway.witness.until("query cancelled")
        gateway.witness.go.set()
        await gateway.witness.until("write of it ended")


async def test_a_client_that_leaves_ends_everything_but_mutations() -> None:
    async with served() as gateway:
        async with talking(gateway) as talk:
            await talk.init()
            for number, query in enumerate(
                ("subscription { ticks }", "{ held }", "mutation { write }")
            ):
                await talk.ask(query, id=str(number))
            await gateway.witness.until("ticks began")
            await gateway.witness.until("query began")
            await gateway.witness.until("write of it began")
        await gateway.witness.until("ticks closed")
        await gateway.witness.until("query cancelled")
        assert gateway.endpoint.in_flight == 1
        gateway.witness.go.set()
        await gateway.witness.until("write of it ended")


async def test_one_socket_has_so_many_operations_and_no_more() -> None:
    async with (
        served(limits=Limits(max_operations_each=2)) as gateway,
        talking(gateway) as talk,
    ):
        await talk.init()
        for number in range(3):
            await talk.ask("{ held }", id=str(number))
        refused = await talk.hear()

    assert (refused["id"], refused["type"]) == ("2", "error")
    assert refused["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"


async def test_queries_on_sockets_count_as_requests_in_flight() -> None:
    async with served(limits=Limits(max_in_flight=1)) as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.ask("{ held }", id="a")
        await gateway.witness.until("query began")
        await talk.ask("{ hello }", id="b")
        refused = await talk.hear()
        over_http = await gateway.post({"query": "{ hello }"})

    assert refused["payload"][0]["extensions"]["code"] == "OVERLOADED"
    assert over_http.status == 503


async def test_a_query_that_takes_too_long_is_an_error_of_its_own() -> None:
    async with served(limits=Limits(query_deadline_s=0.05)) as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.ask("{ held }")
        late = await talk.hear()

    assert late["type"] == "error"
    assert late["payload"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"


async def test_who_asks_is_said_in_the_first_message_or_in_the_handshake() -> None:
    async with served(bell=Bell(is_open=False)) as gateway:
        for header, payload in (
            (None, {"authorization": "Bearer ada"}),
            (None, {"Authorization": "Bearer ada"}),
            ("Bearer ada", {}),
            ("Bearer bob", {"authorization": "Bearer ada"}),
        ):
            async with talking(gateway, authorization=header) as talk:
                await talk.init(**payload)
                await talk.ask("{ who }")
                assert (await talk.hear())["payload"] == {"data": {"who": "key:ada"}}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, 4403),
        ({"authorization": "Bearer wrong"}, 4403),
        ({"authorization": "Bearer busy"}, 1013),
        ({"authorization": "Bearer later"}, 1013),
    ],
)
async def test_who_may_not_come_in_is_closed_out(payload: dict[str, str], code: int) -> None:
    async with served(bell=Bell(is_open=False)) as gateway, talking(gateway) as talk:
        await talk.say({**INIT, "payload": payload})
        assert (await talk.closed())[0] == code


@pytest.mark.parametrize(
    ("authorization", "status"),
    [("Bearer wrong", 401), ("Bearer busy", 429), ("Bearer later", 503)],
)
async def test_wrong_credentials_in_the_handshake_are_refused_there(
    authorization: str, status: int
) -> None:
    async with served() as gateway:
        with pytest.raises(InvalidStatus) as refused:
            async with talking(gateway, authorization=authorization):
                pass

    assert refused.value.response.status_code == status


async def test_a_socket_ends_with_the_credentials() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init(authorization="Bearer soon")
        await talk.ask("subscription { ticks }")
        code, reason = await talk.closed()
        await gateway.witness.until("ticks closed")

    assert code == 4403
    assert "expired" in reason


async def test_credentials_that_are_taken_away_end_the_socket_at_the_next_operation() -> None:
    async with served() as gateway, talking(gateway) as talk:
        await talk.init(authorization="Bearer ada")
        gateway.bell.ended = True
        await talk.ask('mutation { note(text: "x") }')
        code, _ = await talk.closed()

    assert code == 4403
    assert not gateway.witness.events


async def test_one_principal_has_so_many_sockets_and_no_more() -> None:
    async with served(limits=Limits(max_streams_each=1)) as gateway:
        async with talking(gateway) as first, talking(gateway) as second:
            await first.init(authorization="Bearer ada")
            await second.say({**INIT, "payload": {"authorization": "Bearer ada"}})
            assert (await second.closed())[0] == 4429
        async with talking(gateway) as again:
            await again.init(authorization="Bearer ada")


async def test_all_together_have_so_many_sockets_and_no_more() -> None:
    async with served(limits=Limits(max_streams=1)) as gateway, talking(gateway):
        with pytest.raises(InvalidStatus) as refused:
            async with talking(gateway):
                pass

    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["retry-after"] == "1"


async def test_a_stopping_gateway_closes_sockets_with_1012_and_takes_no_new_ones() -> None:
    async with served() as gateway:
        async with talking(gateway) as talk:
            await talk.init()
            await talk.ask("subscription { ticks }")
            await gateway.witness.until("ticks began")
            gateway.endpoint.end_streams()
            assert (await talk.closed())[0] == 1012
            await gateway.witness.until("ticks closed")
        with pytest.raises(InvalidStatus) as refused:
            async with talking(gateway):
                pass

    assert refused.value.response.status_code == 503


async def test_a_gateway_that_stops_while_a_socket_ends_lets_it_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served() as gateway:
        async with talking(gateway) as talk:
            await talk.init()
            await talk.ask("subscription { lingering }")
            await talk.hear()
        await gateway.witness.until("lingering")
        gateway.endpoint.end_streams()
        await asyncio.sleep(0)
        gateway.witness.go.set()
        await gateway.witness.until("lingering ended")

    assert not caplog.records


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1", "file://", "https://gateway.test"],
)
async def test_a_page_of_somebody_else_may_not_connect(origin: str) -> None:
    async with served(origins=["https://console.example"]) as gateway:
        with pytest.raises(InvalidStatus) as refused:
            async with talking(gateway, origin=origin):
                pass

    assert refused.value.response.status_code == 403


async def test_only_pages_of_the_web_are_the_gateways_own() -> None:
    async with served() as gateway:
        origin = gateway.address.removesuffix("/graphql").replace("http", "ftp", 1)
        with pytest.raises(InvalidStatus):
            async with talking(gateway, origin=origin):
                pass


async def test_the_gateways_own_pages_and_those_allowed_may_connect() -> None:
    async with served(origins=["https://console.example"]) as gateway:
        own = gateway.address.removesuffix("/graphql")
        for origin in (own, "https://console.example", None):
            async with talking(gateway, origin=origin) as talk:
                await talk.init()


async def test_a_client_that_does_not_read_stops_the_source_and_is_cut_off() -> None:
    async with served(limits=Limits(stall_timeout_s=0.2)) as gateway, talking(gateway) as talk:
        await talk.init()
        await talk.ask("subscription { flood }")
        transport = talk.connection.transport
        transport.pause_reading()
        await gateway.witness.until("flood closed")
        await until(lambda: gateway.endpoint.open_streams == 0)
        transport.abort()

    assert len(gateway.witness.events) < 5_000


async def test_every_operation_is_followed_in_the_log_by_its_request_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served() as gateway, talking(gateway) as talk:
        with caplog.at_level("INFO", logger="gateway.request"):
            await talk.init(authorization="Bearer ada")
            await talk.ask("query Named { hello request }")
            answer = await talk.hear()
            await talk.hear()
        assert talk.connection.response is not None
        given = talk.connection.response.headers["x-request-id"]

    (line,) = caplog.records
    assert answer["payload"]["data"]["request"] == given
    assert line.request_id == given  # type: ignore[attr-defined] # a field of the event
    assert line.operation_name == "Named"  # type: ignore[attr-defined] # a field of the event
