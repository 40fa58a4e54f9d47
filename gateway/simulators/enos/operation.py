"""What an action of the business service is: a table maps (resource, action) to one of these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.simulators.enos.multipart import Part

Method = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An admitted call: its query, its JSON fields (none where none were sent), its file.

    `file` is None but for an upload, whose JSON fields are those of the part `metadata`.
    """

    query: Mapping[str, str]
    body: Mapping[str, object]
    file: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes into the envelope; `pagination` None leaves the field out."""

    data: object
    pagination: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One action.

    `parameters` are the mandatory query parameters beside `action` and `orgId`, and
    `optional_parameters` those that may come too. `body_fields` are the fields a JSON body may
    have, None where no body may be sent. `uploads` says that the body is a form with a file
    instead. `writes` marks what changes something.
    """

    method: Method
    parameters: frozenset[str]
    body_fields: frozenset[str] | None
    handle: Callable[[Call], Answer]
    optional_parameters: frozenset[str] = frozenset()
    uploads: bool = False
    writes: bool = False
