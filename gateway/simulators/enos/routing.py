"""From an admitted HTTP call to the operation it names, refusing whatever is not documented."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Final

from gateway.simulators.enos.errors import BusinessCode, BusinessError, bad_parameter
from gateway.simulators.enos.executed import ExecutedLog, ExecutedWrite
from gateway.simulators.enos.multipart import MEDIA_TYPE, Part, media_type, read_parts
from gateway.simulators.enos.operation import Answer, Call, Operation

_EVERY_CALL: Final = frozenset({"action", "orgId"})


class Router:
    """Finds the operation, checks the call's form, and runs it."""

    def __init__(
        self,
        operations: Mapping[tuple[str, str], Operation],
        *,
        org_id: str,
        foreign_org_ids: Collection[str],
        executed: ExecutedLog,
        clock: Callable[[], float],
    ) -> None:
        """Serve `org_id`; `foreign_org_ids` exist too, but this application may not see them.

        Writes that took effect are noted in `executed`, with the time by `clock`.
        """
        self._executed = executed
        self._clock = clock
        self._operations = operations
        self._org_id = org_id
        self._foreign_org_ids = frozenset(foreign_org_ids)

    def answer(
        self,
        *,
        resource: str,
        method: str,
        query: Mapping[str, str],
        content_type: str,
        body: bytes,
    ) -> Answer:
        """Run the action the query names.

        Raises:
            BusinessError: 99404 for an action that does not exist, 99400 for a call of the
                wrong form, 99403 for somebody else's organisation, or what the action itself
                refuses.
        """
        operation = self._operation(resource, query)
        if method != operation.method:
            raise bad_parameter(name="method", problem=f"{method} is not supported")
        self._check_organisation(query)
        _check_parameters(query, operation)
        call = _call(query, body, content_type, operation)
        answer = operation.handle(call)
        if operation.writes:
            self._note(f"{resource}.{query['action']}", call, answer)
        return answer

    def _note(self, operation: str, call: Call, answer: Answer) -> None:
        made = answer.data if isinstance(answer.data, dict) else {}
        own = {name: value for name, value in call.query.items() if name not in _EVERY_CALL}
        self._executed.record(
            ExecutedWrite(
                at_s=self._clock(),
                operation=operation,
                parameters={**own, **call.body},
                result_id=next(iter(made.values()), None),
            )
        )

    def _operation(self, resource: str, query: Mapping[str, str]) -> Operation:
        action = query.get("action", "")
        if not action:
            raise bad_parameter(name="action", problem="action is missing")
        operation = self._operations.get((resource, action))
        if operation is None:
            message = f"Object does not exist:  {resource} action {action}"
            raise BusinessError(BusinessCode.NO_SUCH_OBJECT, message)
        return operation

    def _check_organisation(self, query: Mapping[str, str]) -> None:
        org_id = query.get("orgId", "")
        if not org_id:
            raise bad_parameter(name="orgId", problem="orgId is missing")
        if org_id in self._foreign_org_ids:
            raise BusinessError(BusinessCode.DENIED, f"Denied resource:  orgId {org_id}")
        if org_id != self._org_id:
            raise bad_parameter(name="orgId", problem="  orgId does not exist")


def _check_parameters(query: Mapping[str, str], operation: Operation) -> None:
    for name in sorted(operation.parameters | (operation.optional_parameters & set(query))):
        if not query.get(name):
            raise bad_parameter(name=name, problem=f"{name} is missing")
    known = operation.parameters | operation.optional_parameters | _EVERY_CALL
    for name in sorted(set(query) - known):
        raise bad_parameter(name=name, problem=f"{name} is not supported")


def _call(query: Mapping[str, str], body: bytes, content_type: str, operation: Operation) -> Call:
    """The call with its body read; a call without a body has no fields."""
    if operation.uploads:
        metadata, file = _form(body, content_type)
        return Call(query=query, body=_json_object(metadata.content), file=file)
    if not body:
        return Call(query=query, body={})
    if operation.body_fields is None:
        raise bad_parameter(name="body", problem="no body is expected")
    if media_type(content_type) != "application/json":
        raise bad_parameter(name="Content-Type", problem="application/json is expected")
    fields = _json_object(body)
    for name in sorted(set(fields) - operation.body_fields):
        raise bad_parameter(name=name, problem=f"{name} is not supported")
    return Call(query=query, body=fields)


def _form(body: bytes, content_type: str) -> tuple[Part, Part]:
    """The two parts of an upload: `metadata`, `file`."""
    if media_type(content_type) != MEDIA_TYPE:
        raise bad_parameter(name="Content-Type", problem=f"{MEDIA_TYPE} is expected")
    try:
        parts = read_parts(body, content_type)
    except ValueError as error:
        raise bad_parameter(name="body", problem=str(error)) from error
    if set(parts) != {"metadata", "file"}:
        raise bad_parameter(name="body", problem="the parts metadata and file are expected")
    return parts["metadata"], parts["file"]


def _json_object(text: bytes) -> Mapping[str, object]:
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise bad_parameter(name="body", problem="body is not JSON") from error
    if not isinstance(fields, dict):
        raise bad_parameter(name="body", problem="body is not an object")
    return fields
