"""Good and bad days of a gateway at its most talkative.

Its clouds, its Redis and its PostgreSQL fail in turn, and some of them repeat in their errors what
they were sent.
"""

import asyncio
import json
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from gateway.access.api_key import mint_api_key
from tests.access.issuer import token
from tests.cache.own_redis import RedisServer
from tests.exactly_once.documents import mutation
from tests.faults import scripts
from tests.faults.canary import Canaries
from tests.faults.canary_evidence import FORGED, LITERAL, SECRETS, Evidence
from tests.faults.canary_world import World, redis_dump, surroundings
from tests.faults.scripted_upstream import Exchange, Script, whole_answer
from tests.faults.stage import BACKENDS, CREATE, LIST, READ, TOKEN
from tests.faults.tenants_tokens import in_time

_REFUSALS: Final = (
    *((200, code) for code in (24400, 24404, 99403, 99999, 1201)),
    *((400, code) for code in ("SignatureDoesNotMatch", "InvalidParameter", "MissingAction")),
    *((403, code) for code in ("InvalidAccessKeyId.NotFound", "NoPermission")),
    *((200, code) for code in ("iot.ota.NotAllowed", "iot.common.WriteDeny", "Who.Knows")),
)
_REFUSED_WRITES: Final = {
    "grid": ((200, 24400), (200, 24404)),
    "lights": ((200, "iot.ota.Whatever"), (400, "InvalidParameter")),
}


def repeating(status: int) -> Script:
    """Answer with a page that repeats the whole request, as some proxies do."""

    async def script(exchange: Exchange) -> None:
        body = b"<html><pre>" + _whole_request(exchange) + b"</pre></html>"
        await exchange.say(whole_answer(status, body, {"content-type": "text/html"}))

    return script


def _echo(status: int, code: object) -> Script:
    """Answer with either vendor's envelope of a failure, whose words repeat the request."""

    async def script(exchange: Exchange) -> None:
        request = _whole_request(exchange).decode("latin-1")
        words = f"{request}\r\n\x1b[31m is what I was sent"
        enos = {"code": code, "msg": words, "requestId": "r-1", "submsg": words}
        alibaba = {"Code": code, "Message": words, "ErrorMessage": words, "Success": False}
        body = json.dumps(enos | alibaba | {"RequestId": "r-1"}).encode()
        await exchange.say(whole_answer(status, body))

    return script


def _whole_request(exchange: Exchange) -> bytes:
    """The request with what is secret in it first, so that no limit of length hides it."""
    asked = exchange.asked
    secret = [name for name in asked.headers if "token" in name or name == "authorization"]
    ordered = {name: asked.headers[name] for name in (*secret, *asked.headers)}
    head = "\n".join(f"{name}: {value}" for name, value in ordered.items())
    return f"{head}\n{asked.method} {asked.target}\n\n".encode("latin-1", "replace") + asked.body


async def lived_through(folder: Path, server: RedisServer, postgres: str) -> Evidence:
    """The evidence of a set of days; `postgres` is the address of a server without a database."""
    evidence = Evidence()
    keys = {role: mint_api_key(f"canary_{role}") for role in ("operate", "admin")}
    jwt = token(**{**in_time(), "role": "operate", "tenant": "default"})
    async with surroundings(folder, server, postgres, keys=keys, evidence=evidence) as world:
        world.bearer["Authorization"] = f"Bearer {keys['operate']}"
        await _days(world, jwt)
        await _metrics(world, keys["admin"])
        await _pages(world)
        evidence.sent = {
            name: b"".join(
                f"{asked.method} {asked.target} {dict(asked.headers)}".encode() + asked.body
                for asked in cloud.asked
            )
            for name, cloud in world.clouds.items()
        }
    evidence.canaries = Canaries(
        {
            **SECRETS,
            **{f"API key {role}": key for role, key in keys.items()},
            **{f"secret of API key {role}": key[-43:] for role, key in keys.items()},
            "JWT": jwt,
            "JWT's signature": jwt.rpartition(".")[2],
            **{
                f"EnOS access token {number}": each
                for number, each in enumerate(sorted(evidence.tokens))
            },
        }
    )
    return evidence


async def _days(world: World, jwt: str) -> None:
    clouds = world.clouds
    await world.look_around()
    await world.reads()
    await world.ask(f'query ClientsName {{ otaJob(by: {{id: "{LITERAL}"}}) {{ id }} }}')
    await world.ask(f'query {{ otaJobs(filter: {{name: "{LITERAL}"}}) {{ totalCount }} }}')
    await world.post({"query": "query Q { __typename }", "operationName": FORGED})
    await world.post({"query": f'{{ nothing(text: "{LITERAL}") '})
    await world.post(
        {"query": "query($f: Int!) { otaJobs(first: $f) { x } }", "variables": {"f": FORGED}}
    )
    await world.post({"query": "{ __typename }"}, Authorization=f"Bearer {jwt}")
    for wrong in (f"Bearer {jwt[:-4]}AAAA", "Bearer otagw_canary_operate_x", "Basic Y2FuYXJ5"):
        await world.post({"query": "{ __typename }"}, Authorization=wrong)
    world.heard(
        await world.http.get(
            "/graphql?"
            + urlencode({"query": f'{{ __typename a: node(id: "{LITERAL}") {{ id }} }}'}),
            headers=world.bearer,
        )
    )
    # First what a cloud refuses, which opens no circuit breaker; then what makes it look broken.
    for status, code in _REFUSALS:
        await _spoiled(world, _echo(status, code))
    for name in BACKENDS:
        clouds[name].play(CREATE[name], *(_echo(*refusal) for refusal in _REFUSED_WRITES[name]))
        for number, _ in enumerate(_REFUSED_WRITES[name]):
            await world.write(name, f"refused-{number}-{name}")
        # One is carried out and its answer lost, the other goes well; EnOS takes its time for each.
        clouds[name].play(CREATE[name], scripts.lost)
    await asyncio.gather(
        *(world.write(name, f"{key}-{name}") for name in BACKENDS for key in ("one", "other"))
    )
    world.evidence.add("Redis", redis_dump(world.redis))
    clouds["grid"].always(READ["grid"], scripts.answering(401, {"code": 401, "msg": "expired"}))
    clouds["grid"].play(TOKEN, _echo(200, 1101), _echo(401, 1201), repeating(502))
    await world.reads()
    world.calm()
    for status in (200, 403, 502):
        await _spoiled(world, repeating(status))
    await _spoiled(world, _echo(200, 99500))
    await _spoiled(world, scripts.silent)

    world.evidence.add("Redis", redis_dump(world.redis))
    reading = [asyncio.create_task(world.reads()) for _ in range(4)]
    await asyncio.sleep(0.05)
    world.redis.stop()
    await asyncio.gather(*reading)
    await world.reads()
    world.database.sicken(reset_after=0)
    world.database.refusing = True
    await world.ask(
        mutation("stopOtaJob"), input={"id": "WyJPdGFKb2IiLCJncmlkIiwiaiJd"}, key="no-journal"
    )
    for name in BACKENDS:
        await world.write(name, f"nowhere-{name}")
    await world.ask("{ operations { edges { node { id } } } }")
    world.database.refusing = False
    world.database.heal()
    for cloud in clouds.values():
        cloud.deafen()
    await world.reads()


async def _spoiled(world: World, script: Script) -> None:
    """Reads on a day on which both clouds answer everything by `script`."""
    for name in BACKENDS:
        world.clouds[name].always("*", script)
        world.clouds[name].always(LIST[name], script)
        world.clouds[name].always(READ[name], script)
    await world.reads()
    world.calm()


async def _metrics(world: World, admin: str) -> None:
    proxied = {"X-Forwarded-For": "203.0.113.7"}
    for header in (
        {},
        {**proxied, "Authorization": f"Bearer {SECRETS['metrics token']}"},
        {**proxied, "Authorization": f"Bearer {admin}"},
    ):
        reply = await world.http.get("/metrics", headers=header)
        assert reply.status_code == 200, reply.text
        world.evidence.add("metrics", reply.content)
    wrong = {**proxied, "Authorization": "Bearer wrong-metrics-token"}
    refused = await world.http.get("/metrics", headers=wrong)
    assert refused.status_code == 401
    world.evidence.add("metrics", refused.content)
    for path in ("/healthz", "/readyz"):
        world.evidence.add("probes", (await world.http.get(path)).content)


async def _pages(world: World) -> None:
    for path in (
        *("/docs", "/redoc", "/openapi.json", "/debug", "/debug/pprof", "/debug/vars", "/console"),
        *("/env", "/.env", "/config", "/settings", "/admin", "/status", "/server-status", "/trace"),
        *("/actuator", "/actuator/env", "/heapdump", "/core", "/proc/self/environ", "/schema"),
        *("/graphql/schema", "/graphiql", "/playground", "/static/..%2f..%2fsettings"),
        *(
            "/explorer/assets/../../../settings/root.py",
            "/explorer/assets/%2e%2e/%2e%2e/factory.py",
        ),
        *("/explorer/assets/..%2f..%2f..%2f..%2f..%2f..%2fproc/self/environ",),
    ):
        reply = await world.http.get(path)
        world.evidence.pages[path] = reply.status_code
        world.evidence.add("pages", reply.content)
