"""From an admitted HTTP call to the operation it names, refusing whatever is not documented."""

import json
from collections.abc import Collection, Mapping
from typing import Final

from gateway.simulators.enos.errors import BusinessCode, BusinessError, bad_parameter
from gateway.simulators.enos.operations import Answer, Call, Operation

_EVERY_CALL: Final = frozenset({"action", "orgId"})


class Router:
    """Finds the operation, checks the call's form, and runs it."""

    def __init__(
        self,
        operations: Mapping[tuple[str, str], Operation],
        *,
        org_id: str,
        foreign_org_ids: Collection[str],
    ) -> None:
        """Serve `org_id`; `foreign_org_ids` exist too, but this application may not see them."""
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
        fields = _body_fields(body, content_type, operation)
        return operation.handle(Call(query=query, body=fields))

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
    for name in sorted(operation.parameters):
        if not query.get(name):
            raise bad_parameter(name=name, problem=f"{name} is missing")
    for name in sorted(set(query) - operation.parameters - _EVERY_CALL):
        raise bad_parameter(name=name, problem=f"{name} is not supported")


def _body_fields(body: bytes, content_type: str, operation: Operation) -> Mapping[str, object]:
    """The body's fields; a call without a body has none."""
    if not body:
        return {}
    if operation.body_fields is None:
        raise bad_parameter(name="body", problem="no body is expected")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise bad_parameter(name="Content-Type", problem="application/json is expected")
    try:
        fields = json.loads(body)
    except ValueError as error:
        raise bad_parameter(name="body", problem="body is not JSON") from error
    if not isinstance(fields, dict):
        raise bad_parameter(name="body", problem="body is not an object")
    for name in sorted(set(fields) - operation.body_fields):
        raise bad_parameter(name=name, problem=f"{name} is not supported")
    return fields
