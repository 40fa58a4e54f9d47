"""Global ids: one opaque string for one object of one backend.

Native ids are unique only inside their account, so a global id carries the kind of object, the
backend's id and the native key. The key of a task holds its job and device too, because neither
cloud can look a task up by its own id.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from gateway.domain.errors import InvalidRequestError

_MAX_LENGTH: Final = 2_048


class NodeKind(StrEnum):
    """What a global id points at; the value is the GraphQL type's name."""

    BACKEND = "Backend"
    OTA_JOB = "OtaJob"
    TASK = "Task"
    FIRMWARE = "Firmware"
    DEVICE = "Device"
    OPERATION = "Operation"


_KEY_PARTS: Final = {
    NodeKind.BACKEND: 0,
    NodeKind.OTA_JOB: 1,  # job
    NodeKind.TASK: 4,  # job, product key (may be empty), device name, task
    NodeKind.FIRMWARE: 1,  # firmware
    NodeKind.DEVICE: 2,  # product key, device name
    NodeKind.OPERATION: 1,  # operation, by the gateway's own id
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalId:
    """Kind, backend and native key of one object; `str()` gives the opaque form.

    The parts are text that UTF-8 can carry. No cloud has a name with half of a surrogate pair in
    it, and no request could be made with one, so such a part is refused here.
    """

    kind: NodeKind
    backend: str
    key: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a key whose number of parts does not fit the kind, and parts beyond UTF-8.

        Raises:
            ValueError: as said.
        """
        if len(self.key) != _KEY_PARTS[self.kind]:
            message = f"a {self.kind} id has {_KEY_PARTS[self.kind]} key parts"
            raise ValueError(message)
        _ = "".join((self.backend, *self.key)).encode("utf-8")

    def __str__(self) -> str:
        """Give the opaque string that clients keep: URL-safe, no padding."""
        return _encode(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an opaque id back.

        Only the exact string that the gateway gave out is accepted, so one object has one id.

        Raises:
            InvalidRequestError: `text` is not an id of this gateway.
        """
        try:
            if len(text) > _MAX_LENGTH:
                raise ValueError(text)  # noqa: TRY301 - one refusal for every way to be wrong
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            parts = json.loads(raw)
            kind, backend, *key = parts
            found = cls(kind=NodeKind(kind), backend=backend, key=tuple(key))
            if _encode(found) != text:
                raise ValueError(text)  # noqa: TRY301
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            message = "not an id of this gateway; use an `id` that it returned, unchanged"
            raise InvalidRequestError(message, path=("id",)) from error
        return found

    def expect(self, kind: NodeKind) -> Self:
        """Return this id if it is of `kind`.

        Raises:
            InvalidRequestError: it points at another kind of object.
        """
        if self.kind is not kind:
            message = f"this is the id of a {self.kind}, where the id of a {kind} is needed"
            raise InvalidRequestError(message, path=("id",))
        return self


def _encode(value: GlobalId) -> str:
    parts = [value.kind.value, value.backend, *value.key]
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode("utf-8")).rstrip(b"=").decode("ascii")
