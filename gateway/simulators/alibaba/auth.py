"""Who is calling: checks a request's time, nonce and signature, under either scheme.

The order is fixed: fields present and well formed, key known, time near, signature right, nonce
new. A nonce is remembered only once its signature was right, so nobody can burn another's.
"""

import calendar
import hashlib
import hmac
import re
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from gateway.simulators.alibaba import errors, signature

SKEW_S = 15 * 60
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_STAMP_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_AUTHORIZATION = re.compile(
    rf"{signature.V3_ALGORITHM}\s+Credential=(?P<key>[^,\s]+),\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_V1_FIELDS = (
    "AccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "Timestamp",
)
_V3_FIELDS = ("x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256")


class Scheme(StrEnum):
    """The two ways a request can be signed."""

    V1 = "HMAC-SHA1"
    V3 = "ACS3-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request as it arrived.

    `query` and `form` are the decoded parameters of the two places, `form` empty unless the body
    is a form; `headers` has lower-case names; `body` is the exact bytes.
    """

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    form: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def scheme(self) -> Scheme:
        """V3 when an `Authorization` header is there, otherwise V1."""
        return Scheme.V3 if "authorization" in self.headers else Scheme.V1


class Authenticator:
    """Knows one AccessKey pair and the nonces it has seen."""

    def __init__(
        self, *, access_key_id: str, access_key_secret: str, schemes: frozenset[Scheme]
    ) -> None:
        """Accept requests of this key pair, signed by one of `schemes`."""
        self._key_id = access_key_id
        self._key_secret = access_key_secret
        self._schemes = schemes
        self._nonces: set[str] = set()
        self._nonce_ages: deque[tuple[float, str]] = deque()

    def verify(self, request: SignedRequest, now_s: float) -> None:
        """Return if the request is the account's own, sent now and for the first time.

        Raises:
            ApiGatewayError: the documented refusal of whatever is wrong first.
        """
        if request.scheme not in self._schemes:
            raise errors.invalid_signature_method()
        match request.scheme:
            case Scheme.V1:
                nonce = self._verify_v1(request, now_s)
            case Scheme.V3:
                nonce = self._verify_v3(request, now_s)
            case _:
                assert_never(request.scheme)
        self._use_nonce(nonce, now_s)

    def _verify_v1(self, request: SignedRequest, now_s: float) -> str:
        pairs = [*request.query, *request.form]
        fields = dict(pairs)
        for name in _V1_FIELDS:
            if not fields.get(name):
                raise errors.missing(name)
        if fields["SignatureMethod"] != Scheme.V1:
            raise errors.invalid_signature_method()
        if fields["SignatureVersion"] != "1.0":
            name = "SignatureVersion"
            raise errors.invalid(name)
        self._check_key(fields["AccessKeyId"])
        _check_time(fields["Timestamp"], now_s)
        signed = signature.v1_string_to_sign(method=request.method, pairs=pairs)
        expected = signature.v1_signature(string_to_sign=signed, secret=self._key_secret)
        if not hmac.compare_digest(expected.encode(), fields["Signature"].encode()):
            raise errors.signature_mismatch(signed)
        return fields["SignatureNonce"]

    def _verify_v3(self, request: SignedRequest, now_s: float) -> str:
        claim = _AUTHORIZATION.fullmatch(request.headers["authorization"].strip())
        if claim is None:
            name = "Authorization"
            raise errors.invalid(name)
        for name in _V3_FIELDS:
            if not request.headers.get(name):
                raise errors.missing(name)
        self._check_key(claim["key"])
        _check_time(request.headers["x-acs-date"], now_s)
        payload_hash = hashlib.sha256(request.body).hexdigest()
        signed_headers = claim["headers"].split(";")
        signed = signature.v3_canonical_request(
            method=request.method,
            path=request.path,
            pairs=request.query,
            headers=request.headers,
            signed_headers=signed_headers,
            payload_hash=payload_hash,
        )
        string_to_sign = signature.v3_string_to_sign(signed)
        expected = signature.v3_signature(string_to_sign=string_to_sign, secret=self._key_secret)
        # A header the client need not have signed could be changed on the way, so every
        # x-acs-* header and the host must be among the signed ones.
        demanded = {"host", *(name for name in request.headers if name.startswith("x-acs-"))}
        if (
            not demanded <= set(signed_headers)
            or request.headers["x-acs-content-sha256"] != payload_hash
            or not hmac.compare_digest(expected, claim["signature"])
        ):
            raise errors.signature_mismatch(string_to_sign)
        return request.headers["x-acs-signature-nonce"]

    def _check_key(self, key_id: str) -> None:
        if key_id != self._key_id:
            raise errors.unknown_access_key()

    def _use_nonce(self, nonce: str, now_s: float) -> None:
        # A request lives for one skew before and one after its time, so its nonce for two.
        while self._nonce_ages and self._nonce_ages[0][0] < now_s - 2 * SKEW_S:
            self._nonces.discard(self._nonce_ages.popleft()[1])
        if nonce in self._nonces:
            raise errors.nonce_used()
        self._nonces.add(nonce)
        self._nonce_ages.append((now_s, nonce))


def _check_time(stamp: str, now_s: float) -> None:
    if _STAMP_SHAPE.fullmatch(stamp) is None:
        raise errors.malformed_timestamp()
    try:
        sent_s = calendar.timegm(time.strptime(stamp, _STAMP))
    except ValueError as error:
        raise errors.malformed_timestamp() from error
    if abs(sent_s - now_s) > SKEW_S:
        raise errors.expired_timestamp()
