"""The cloud's three envelopes.

The vendor does not document the HTTP status of errors, nor in which field the API gateway puts
its code; `GateEnvelope` holds both, so that a client can be tried against each possibility.
Business errors and token errors come with HTTP 200, which is what the vendor's clients expect.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from starlette.responses import Response

from gateway.simulators.enos.errors import GateError, TokenCode

CodeField = Literal["status", "code", "apim_status"]

_SHORT_TOKEN_EXPIRED: Final = 4011


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEnvelope:
    """How the API gateway words a rejection, all of it undocumented.

    `code_field` is the name of the code's field; under `apim_status` an expired token has the only
    code seen there, 4011. `http_status` is the status of the answer.
    """

    code_field: CodeField = "code"
    http_status: int = 200

    def body(self, refusal: GateError) -> dict[str, object]:
        """The JSON object of a rejection."""
        code = refusal.code
        if self.code_field == "apim_status" and code == TokenCode.EXPIRED:
            code = _SHORT_TOKEN_EXPIRED
        return business_envelope(code, refusal.message, None, code_field=self.code_field)


def business_envelope(
    code: int, message: str, data: object, *, code_field: str = "code"
) -> dict[str, object]:
    """What the connection service answers, with a fresh request id."""
    return {code_field: code, "msg": message, "requestId": str(uuid.uuid4()), "data": data}


def token_envelope(code: int, message: str, data: Mapping[str, object] | None) -> dict[str, object]:
    """What the token service answers."""
    return {"status": code, "msg": message, "business": "apim-token-service", "data": data}


def json_response(answer: Mapping[str, object], *, http_status: int = 200) -> Response:
    """An envelope as an HTTP answer."""
    content = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, status_code=http_status, media_type="application/json;charset=UTF-8")
