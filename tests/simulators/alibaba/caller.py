"""A client of the simulator that signs by itself.

It follows the vendor's signing pages and shares no code with the simulator, so that a mistake in
one of the two shows.
"""

import base64
import hashlib
import hmac
import time
from functools import partial
from typing import Any, Final
from urllib.parse import quote, quote_plus

import httpx

from gateway.simulators.alibaba import AlibabaSimulator

KEY_ID: Final = "testAccessKeyId"
KEY_SECRET: Final = "testAccessKeySecret"
INSTANCE: Final = "iot-06z00frq8umvkx2"
HOST: Final = "iot.cn-shanghai.example"
START_S: Final = 1_790_000_000.25

tiny_simulator = partial(
    AlibabaSimulator,
    access_key_id=KEY_ID,
    access_key_secret=KEY_SECRET,
    instance_id=INSTANCE,
    packages=1,
    jobs=1,
    tasks=1,
)
"""The smallest there is; `clock` and other options are still to be given."""


class FakeClock:
    """Epoch seconds that move only when told."""

    def __init__(self) -> None:
        self.now_s = START_S

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


def stamp(moment_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment_s))


def strict(text: str) -> str:
    return quote(text, safe="-_.~")


class Caller:
    """Sends signed requests; every part of one can be replaced to break it."""

    def __init__(self, simulator: AlibabaSimulator, clock: FakeClock) -> None:
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=simulator.app), base_url=f"http://{HOST}"
        )
        self.clock = clock
        self._nonce = 0

    def nonce(self) -> str:
        self._nonce += 1
        return f"nonce-{self._nonce}"

    async def v3(
        self,
        action: str,
        parameters: dict[str, str],
        *,
        method: str = "POST",
        path: str = "/",
        secret: str = KEY_SECRET,
        key_id: str = KEY_ID,
        body: bytes = b"",
        headers: dict[str, str | None] | None = None,
        late: dict[str, str] | None = None,
        unsigned: tuple[str, ...] = (),
        sent: dict[str, str] | None = None,
    ) -> httpx.Response:
        """An ACS3-HMAC-SHA256 call.

        `headers` replace or (None) drop a header before signing, `late` ones after it;
        `unsigned` are sent but not signed; `sent` is the query instead of the signed one.
        """
        proposed: dict[str, str | None] = {
            "host": HOST,
            "x-acs-action": action,
            "x-acs-version": "2018-01-20",
            "x-acs-date": stamp(self.clock()),
            "x-acs-signature-nonce": self.nonce(),
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
            "accept": "application/json",
            **(headers or {}),
        }
        carried = {name: value for name, value in proposed.items() if value is not None}
        names = sorted(name for name in carried if name not in unsigned)
        pairs = sorted(parameters.items())
        canonical = "\n".join(
            [
                method,
                path,
                "&".join(f"{strict(name)}={strict(value)}" for name, value in pairs),
                *(f"{name}:{carried[name]}" for name in names),
                "",
                ";".join(names),
                hashlib.sha256(body).hexdigest(),
            ]
        )
        to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        carried["authorization"] = (
            f"ACS3-HMAC-SHA256 Credential={key_id},"
            f"SignedHeaders={';'.join(names)},Signature={signature}"
        )
        return await self._send(
            method, path, parameters if sent is None else sent, carried | (late or {}), body
        )

    async def v1(
        self,
        action: str,
        parameters: dict[str, str],
        *,
        method: str = "POST",
        secret: str = KEY_SECRET,
        fields: dict[str, str | None] | None = None,
        form: dict[str, str] | None = None,
    ) -> httpx.Response:
        """An HMAC-SHA1 call; `fields` replace or (None) drop common parameters before signing."""
        proposed: dict[str, str | None] = {
            "Action": action,
            "Version": "2018-01-20",
            "Format": "JSON",
            "AccessKeyId": KEY_ID,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": self.nonce(),
            "Timestamp": stamp(self.clock()),
            **parameters,
            **(fields or {}),
        }
        query = {name: value for name, value in proposed.items() if value is not None}
        signed = sorted((query | (form or {})).items())
        canonical = "&".join(f"{strict(name)}={strict(value)}" for name, value in signed)
        to_sign = f"{method}&%2F&{strict(canonical)}"
        digest = hmac.new(f"{secret}&".encode(), to_sign.encode(), hashlib.sha1).digest()
        query["Signature"] = base64.b64encode(digest).decode()
        if fields is not None and "Signature" in fields:
            del query["Signature"]
        body = b"" if form is None else wire_query(form).encode()
        headers = {} if form is None else {"content-type": "application/x-www-form-urlencoded"}
        return await self._send(method, "/", query, headers, body)

    async def ask(self, action: str, **parameters: object) -> dict[str, Any]:
        """The body of a V3 call of the right instance; `A__1` stands for `A.1`."""
        sent = {name.replace("__", "."): str(value) for name, value in parameters.items()}
        method = "GET" if action == "ListOTAModuleByProduct" else "POST"
        answer = await self.v3(action, {"IotInstanceId": INSTANCE} | sent, method=method)
        body: dict[str, Any] = answer.json()
        return body

    async def _send(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        headers: dict[str, str],
        body: bytes,
    ) -> httpx.Response:
        return await self.http.request(
            method, f"{path}?{wire_query(query)}", headers=headers, content=body
        )


def wire_query(query: dict[str, str]) -> str:
    """As the vendor's SDK writes it: a space becomes `+`."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in query.items())
