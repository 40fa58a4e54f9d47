"""The three envelopes of an answer, in JSON or (signature V1 only) XML."""

import json
import uuid
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import assert_never
from xml.sax.saxutils import escape

from starlette.responses import Response

from gateway.simulators.alibaba.errors import ApiGatewayError, BusinessError

_RECOMMEND = "https://api.aliyun.com/troubleshoot?q={code}&product=Iot&requestId={request_id}"


class Format(StrEnum):
    """How an answer is written."""

    JSON = "JSON"
    XML = "XML"


def request_id() -> str:
    """A new id in the vendor's shape: an upper-case UUID."""
    return str(uuid.uuid4()).upper()


def success(payload: Mapping[str, object], *, action: str, form: Format) -> Response:
    """Envelope (a): the payload beside `RequestId` and `Success`."""
    body = {"RequestId": request_id(), "Success": True, **payload}
    return _respond(body, root=f"{action}Response", form=form, status=HTTPStatus.OK)


def failure(
    problem: ApiGatewayError | BusinessError, *, host: str, action: str, form: Format
) -> Response:
    """Envelope (b) or (c), whichever the problem belongs in; `host` is the one called."""
    if isinstance(problem, ApiGatewayError):
        body = _gateway_body(problem, host)
        response = _respond(body, root="Error", form=form, status=problem.status)
        if problem.retry_after_ms is not None:
            response.headers["x-acs-retry-after"] = str(problem.retry_after_ms)
        return response
    body = {
        "RequestId": request_id(),
        "Success": False,
        "Code": problem.code,
        "ErrorMessage": problem.message,
    }
    return _respond(body, root=f"{action}Response", form=form, status=HTTPStatus.OK)


def _gateway_body(problem: ApiGatewayError, host: str) -> dict[str, object]:
    identity = request_id()
    return {
        "RequestId": identity,
        "HostId": host,
        "Code": problem.code,
        "Message": problem.message,
        "Recommend": _RECOMMEND.format(code=problem.code, request_id=identity),
    }


def _respond(
    body: Mapping[str, object], *, root: str, form: Format, status: HTTPStatus
) -> Response:
    match form:
        case Format.JSON:
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            media_type = "application/json"
        case Format.XML:
            text = f"<?xml version='1.0' encoding='UTF-8'?>{_element(root, body)}"
            media_type = "text/xml"
        case _:
            assert_never(form)
    return Response(text, status_code=status, media_type=media_type)


def _element(name: str, value: object) -> str:
    """A value as XML: an object nests, an array repeats its element, null is empty."""
    if isinstance(value, Mapping):
        inner = "".join(_element(key, item) for key, item in value.items())
    elif isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    elif isinstance(value, bool):
        inner = str(value).lower()
    else:
        inner = "" if value is None else escape(str(value))
    return f"<{name}>{inner}</{name}>"
