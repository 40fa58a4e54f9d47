"""PostObject: the object store's upload by an HTML form, as far as the API's grants need it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from gateway.simulators.alibaba.object_store import (
    LARGEST_PACKAGE_BYTES,
    ObjectStore,
    ObjectStoreError,
)

_FORM = "multipart/form-data"
_FILE = "file"
_FORM_SLACK_BYTES = 64 * 2**10
_SUCCESSES = {"200": HTTPStatus.OK, "201": HTTPStatus.CREATED, "204": HTTPStatus.NO_CONTENT}
_NAME = re.compile(r';\s*name="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class PostObject:
    """Serves uploads into a store."""

    store: ObjectStore
    clock: Callable[[], float]

    async def serve(self, request: Request) -> Response:
        """Store the form's file; 204 and no body, or the status the form asks for."""
        now_s = self.clock()
        try:
            _check_size(request)
            fields, content = _read_form(
                request.headers.get("content-type", ""), await request.body()
            )
            stored = self.store.put(fields, content, now_s)
        except ObjectStoreError as problem:
            text = (
                "<?xml version='1.0' encoding='UTF-8'?><Error>"
                f"<Code>{problem.code}</Code><Message>{escape(problem.message)}</Message></Error>"
            )
            return Response(text, status_code=problem.status, media_type="application/xml")
        status = _SUCCESSES.get(fields.get("success_action_status", ""), HTTPStatus.NO_CONTENT)
        return Response(status_code=status, headers={"ETag": f'"{stored.md5.upper()}"'})


def _check_size(request: Request) -> None:
    """Refuse, by its announced length, what could not be stored anyway, before reading it."""
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        message = "You must provide the Content-Length HTTP header."
        raise ObjectStoreError(HTTPStatus.LENGTH_REQUIRED, "MissingContentLength", message)
    if int(length) > LARGEST_PACKAGE_BYTES + _FORM_SLACK_BYTES:
        message = "Your proposed upload exceeds the maximum allowed size."
        raise ObjectStoreError(HTTPStatus.BAD_REQUEST, "EntityTooLarge", message)


def _read_form(content_type: str, body: bytes) -> tuple[Mapping[str, str], bytes]:
    """The fields, by name in lower case, and the file, which must come last."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != _FORM or not boundary:
        message = "The body must be a form of several parts."
        raise ObjectStoreError(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed", message)
    fields: dict[str, str] = {}
    content: bytes | None = None
    for name, value in _parts(body, boundary.encode()):
        if content is not None:
            break
        if name.lower() == _FILE:
            content = value
        else:
            fields[name.lower()] = value.decode("utf-8", "replace")
    if content is None:
        message = "POST requires exactly one file upload per request."
        raise ObjectStoreError(
            HTTPStatus.BAD_REQUEST, "IncorrectNumberOfFilesInPOSTRequest", message
        )
    return fields, content


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each part of a body (RFC 7578)."""
    delimiter = b"\r\n--" + boundary
    pieces = (b"\r\n" + body).split(delimiter)
    if not pieces[-1].startswith(b"--"):
        message = "The body of your POST request is not well-formed multipart/form-data."
        raise ObjectStoreError(HTTPStatus.BAD_REQUEST, "MalformedPOSTRequest", message)
    for piece in pieces[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        found = _NAME.search(head.decode("utf-8", "replace"))
        if found is not None:
            yield found[1], content
