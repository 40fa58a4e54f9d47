"""Signing of calls: V3 (`ACS3-HMAC-SHA256`) and V1 (`HMAC-SHA1`).

The functions are pure; `RequestSigner` adds the account, a clock and a source of nonces.
Source: the vendor's pages "Request syntax and signature method" V3 and RPC, whose worked examples
are among the tests.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from gateway.providers.alibaba.config import (
    AlibabaSettings,
    SignatureScheme,
    endpoint_of,
    host_of,
)
from gateway.providers.alibaba.operations import API_VERSION, method_of
from gateway.transport.request import Request

PATH: Final = "/"
_ALGORITHM_V3: Final = "ACS3-HMAC-SHA256"


def percent_encode(text: str) -> str:
    """RFC 3986 over UTF-8: everything but `A-Za-z0-9-_.~` is escaped, a space as `%20`."""
    return quote(text, safe="")


def encode_query(parameters: Mapping[str, str]) -> str:
    """Canonical query: names in byte order, names and values encoded. It is signed and sent."""
    return "&".join(
        f"{percent_encode(name)}={percent_encode(parameters[name])}"
        for name in sorted(parameters, key=str.encode)
    )


def v1_string_to_sign(method: str, parameters: Mapping[str, str]) -> str:
    """What V1 signs; `parameters` are all that are sent except `Signature`."""
    return f"{method}&{percent_encode(PATH)}&{percent_encode(encode_query(parameters))}"


def v1_signature(*, method: str, parameters: Mapping[str, str], secret: str) -> str:
    """Value of the `Signature` parameter: Base64 of HMAC-SHA1 under the secret and an `&`."""
    text = v1_string_to_sign(method, parameters)
    digest = hmac.digest(f"{secret}&".encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(digest).decode("ascii")


def v3_canonical_request(
    *, method: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> str:
    """The request in V3's canonical form; `headers` are those to sign, names in lower case."""
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    payload = hashlib.sha256(body).hexdigest()
    return "\n".join((method, PATH, encode_query(query), lines, ";".join(names), payload))


def v3_authorization(
    *,
    method: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    access_key_id: str,
    secret: str,
) -> str:
    """Value of the `Authorization` header over exactly these `headers`."""
    canonical = v3_canonical_request(method=method, query=query, headers=headers, body=body)
    text = f"{_ALGORITHM_V3}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(secret.encode(), text.encode(), hashlib.sha256).hex()
    fields = {
        "Credential": access_key_id,
        "SignedHeaders": ";".join(sorted(headers)),
        "Signature": signature,
    }
    return f"{_ALGORITHM_V3} " + ",".join(f"{name}={value}" for name, value in fields.items())


def new_nonce() -> str:
    """Give 128 random bits in hexadecimal, unique per attempt."""
    return secrets.token_hex(16)


class RequestSigner:
    """Makes signed requests for one account.

    `clock` gives the cloud's time, aware; it accepts 15 minutes of skew. `nonce` gives a new text a
    call.
    """

    def __init__(
        self,
        settings: AlibabaSettings,
        *,
        clock: Callable[[], datetime],
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        """Take the account from `settings`."""
        self._settings = settings
        self._host = host_of(endpoint_of(settings))
        self._clock = clock
        self._nonce = nonce

    def sign(self, operation: str, parameters: Mapping[str, str]) -> Request:
        """Make a signed call of `operation`: all parameters in the query, no body."""
        if self._settings.signature is SignatureScheme.V1:
            return self._sign_v1(operation, parameters)
        return self._sign_v3(operation, parameters)

    def _sign_v3(self, operation: str, parameters: Mapping[str, str]) -> Request:
        key_id = self._settings.access_key_id.get_secret_value()
        signed = {
            "host": self._host,
            "x-acs-action": operation,
            "x-acs-version": API_VERSION,
            "x-acs-date": self._timestamp(),
            "x-acs-signature-nonce": self._nonce(),
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        }
        if self._settings.security_token is not None:
            signed["x-acs-accesskey-id"] = key_id
            signed["x-acs-security-token"] = self._settings.security_token.get_secret_value()
        authorization = v3_authorization(
            method=method_of(operation),
            query=parameters,
            headers=signed,
            body=b"",
            access_key_id=key_id,
            secret=self._settings.access_key_secret.get_secret_value(),
        )
        return Request(
            method=method_of(operation),
            path=PATH,
            query=encode_query(parameters),
            headers=signed | {"accept": "application/json", "authorization": authorization},
        )

    def _sign_v1(self, operation: str, parameters: Mapping[str, str]) -> Request:
        signed = {
            **parameters,
            "Action": operation,
            "Version": API_VERSION,
            "Format": "JSON",
            "RegionId": self._settings.region_id,
            "AccessKeyId": self._settings.access_key_id.get_secret_value(),
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": self._nonce(),
            "Timestamp": self._timestamp(),
        }
        if self._settings.security_token is not None:
            signed["SecurityToken"] = self._settings.security_token.get_secret_value()
        signature = v1_signature(
            method=method_of(operation),
            parameters=signed,
            secret=self._settings.access_key_secret.get_secret_value(),
        )
        return Request(
            method=method_of(operation),
            path=PATH,
            query=encode_query(signed | {"Signature": signature}),
            headers={"accept": "application/json"},
        )

    def _timestamp(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
