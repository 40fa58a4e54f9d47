"""What a document may cost, in upstream calls, told before any is made.

The price is an estimate for a cold cache, the same whatever is kept already and however many
backends there are. It is linear in the sizes of lists, so a selection has one price per parent
object, and a fragment is priced once however often it is spread. A mutation costs what it reads
before and after, and what it sends. Fields that the schema lacks cost nothing: validation refuses
them.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    value_from_ast_untyped,
)
from strawberry.extensions import SchemaExtension

from gateway.domain.errors import (
    GatewayError,
    InvalidRequestError,
    QueryTooExpensiveError,
)
from gateway.service.writing.preview import OVERLAPS_LOOKED_FOR

_PAGE: Final = 50
"""Items of one upstream page, at least."""

_FIRST: Final = 20
"""Items of a list whose `first` is left out."""

_DEVICE_JOBS: Final = 20
"""Calls it takes, as a rule, to find the jobs of one device."""

_TASKS_A_CALL: Final = 10
"""Tasks that one call acts on, at least."""

Arguments = Mapping[str, Any]


def _count(value: object, default: int) -> int:
    """A list's length, or a number, as far as the document tells; validation judges the rest."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) and value >= 0 else default


def _pages(arguments: Arguments) -> int:
    return 1 + math.ceil(_count(arguments.get("first"), _FIRST) / _PAGE)


def _job_list(arguments: Arguments) -> int:
    wanted = arguments.get("filter")
    by_device = isinstance(wanted, Mapping) and wanted.get("device") is not None
    return _pages(arguments) + (_DEVICE_JOBS if by_device else 0)


def _task_list(arguments: Arguments) -> int:
    statuses = max(1, _count(arguments.get("statuses"), 1))
    devices = max(1, math.ceil(_count(arguments.get("devices"), 1) / _PAGE))
    return _pages(arguments) - 1 + statuses * devices


def _input(arguments: Arguments) -> Arguments:
    given = arguments.get("input")
    return given if isinstance(given, Mapping) else {}


def _new_job(arguments: Arguments) -> int:
    """Reads the package, sends, reads the job; or looks at the devices' open tasks instead."""
    return 1 + OVERLAPS_LOOKED_FOR if arguments.get("validateOnly") else 3


def _tasks_write(arguments: Arguments) -> int:
    """Reads the job before and after, and the tasks of the devices named; sends 10 a call."""
    devices = _count(_input(arguments).get("devices"), 0)
    tasks = _count(_input(arguments).get("tasks"), 0) + devices
    return 2 + math.ceil(devices / _PAGE) + max(1, math.ceil(tasks / _TASKS_A_CALL))


def _upload(arguments: Arguments) -> int:
    """Asks for a permission and uploads, for each file; makes the package, and reads it."""
    return 2 + 2 * max(1, _count(_input(arguments).get("files"), 1))


def _calls(number: int) -> Callable[[Arguments], int]:
    return lambda _arguments: number


PRICES: Final[Mapping[str, Callable[[Arguments], int]]] = {
    "Query.node": _calls(1),
    "Query.nodes": lambda arguments: _count(arguments.get("ids"), 1),
    "Query.otaJob": _calls(1),
    "Query.otaJobs": _job_list,
    "Query.task": _calls(1),
    "Query.tasks": _task_list,
    "Query.device": _calls(2),
    "Query.firmware": _calls(1),
    "Query.firmwares": _pages,
    "Mutation.createOtaJob": _new_job,
    "Mutation.verifyFirmware": _new_job,
    "Mutation.startOtaJob": _calls(3),
    "Mutation.stopOtaJob": _calls(3),
    "Mutation.cancelOtaJob": _calls(4),
    "Mutation.updateOtaJob": _calls(3),
    "Mutation.deleteOtaJob": _calls(3),
    "Mutation.retryTasks": _tasks_write,
    "Mutation.cancelTasks": _tasks_write,
    "Mutation.confirmTasks": _tasks_write,
    "Mutation.createFirmware": _upload,
    "Mutation.updateFirmware": _calls(3),
    "Mutation.deleteFirmware": _calls(3),
    "Mutation.createModule": _calls(2),
    "Mutation.updateModule": _calls(2),
    "Mutation.deleteModule": _calls(2),
    "Backend.modules": _calls(1),
    "Backend.reportedVersions": _calls(1),
    "OtaJob.tasks": _task_list,
    "OtaJob.allTasksEnded": _calls(5),
    "OtaJob.firmware": _calls(0),
    "Task.job": _calls(1),
    "Device.openTasks": _calls(1),
    "Device.jobs": _calls(_DEVICE_JOBS),
    **{
        f"TaskCounts.{status}": _calls(1)
        for status in (
            "total",
            "awaitingConfirmation",
            "queued",
            "notified",
            "inProgress",
            "succeeded",
            "failed",
            "canceled",
        )
    },
}
"""Calls of one field on one object, beyond what its parent has cost."""

SHARED_READS: Final[Mapping[str, tuple[frozenset[str], int]]] = {
    "OtaJob": (
        frozenset(
            {
                "description",
                "timeoutSeconds",
                "retryPolicy",
                "schedule",
                "pace",
                "overwriteMode",
                "rawOverwriteMode",
                "membershipMode",
                "rawMembershipMode",
                "downloadProtocol",
                "rawDownloadProtocol",
                "confirmationRequired",
                "pushEnabled",
                "deviceRequestEnabled",
                "multiModule",
                "raw",
                "detailFreshness",
                "scope",
            }
        ),
        1,
    ),
    "Firmware": (frozenset({"files", "deviceInfo", "verificationProgressPercent", "raw"}), 1),
    "Device": (frozenset({"nativeId", "version", "modules", "upgrading", "freshness"}), 2),
}
"""By type, fields that one read of the object answers together, and the calls of that read."""

_LISTS: Final = frozenset({"edges"})


class _Pricing:
    """Prices one operation."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._variables = dict(variables)
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[tuple[str, str, int], int] = {}
        self._active: set[str] = set()

    def price(self, selections: SelectionSetNode, type_name: str, size: int) -> int:
        """Calls of `selections` on one object; `size` is the length of the list it may hold."""
        total = sum(self._selection(node, type_name, size) for node in selections.selections)
        shared, calls = SHARED_READS.get(type_name, (frozenset(), 0))
        if shared and any(name in shared for name in self._names(selections, set())):
            total += calls
        return total

    def _selection(self, node: SelectionNode, type_name: str, size: int) -> int:
        if not self._is_included(node):
            return 0
        if isinstance(node, FieldNode):
            return self._field(node, type_name, size)
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition.name.value if node.type_condition else type_name
            return self._part(node.selection_set, condition, type_name, size)
        if isinstance(node, FragmentSpreadNode):
            return self._spread(node.name.value, type_name, size)
        return 0

    def _is_included(self, node: SelectionNode) -> bool:
        """False if a `@skip` or an `@include` leaves `node` out."""
        return not any(
            self._arguments(directive).get("if") is out
            for directive in node.directives or ()
            for name, out in (("skip", True), ("include", False))
            if directive.name.value == name
        )

    def _arguments(self, node: FieldNode | DirectiveNode) -> dict[str, Any]:
        return {
            argument.name.value: value_from_ast_untyped(argument.value, self._variables)
            for argument in node.arguments or ()
        }

    def _part(self, selections: SelectionSetNode, condition: str, type_name: str, size: int) -> int:
        """A fragment; on the same type its shared read is paid by the selection around it."""
        if condition == type_name:
            return sum(self._selection(node, condition, size) for node in selections.selections)
        return self.price(selections, condition, size)

    def _spread(self, name: str, type_name: str, size: int) -> int:
        fragment = self._fragments.get(name)
        if fragment is None or name in self._active:
            return 0
        key = (name, type_name, size)
        if key not in self._known:
            self._active.add(name)
            condition = fragment.type_condition.name.value
            self._known[key] = self._part(fragment.selection_set, condition, type_name, size)
            self._active.discard(name)
        return self._known[key]

    def _field(self, node: FieldNode, type_name: str, size: int) -> int:
        parent = self._schema.get_type(type_name)
        field = getattr(parent, "fields", {}).get(node.name.value)
        if field is None:
            return 0
        arguments = self._arguments(node)
        own = PRICES.get(f"{type_name}.{node.name.value}", _calls(0))(arguments)
        below = get_named_type(field.type)
        if node.selection_set is None or not is_composite_type(below):
            return own
        inner_size = size
        if "first" in field.args:
            inner_size = _count(arguments.get("first"), _FIRST)
        elif node.name.value == "nodes":
            inner_size = 1
        inner = self.price(node.selection_set, below.name, inner_size)
        if node.name.value in _LISTS:
            inner *= size
        elif node.name.value == "nodes":
            inner *= own
        if type_name == "OtaJob" and node.name.value == "firmware":
            inner += 1
        return own + inner

    def _names(self, selections: SelectionSetNode, seen: set[str]) -> Iterator[str]:
        """Names selected on the object itself, through fragments, each fragment once."""
        for node in filter(self._is_included, selections.selections):
            if isinstance(node, FieldNode):
                yield node.name.value
            elif isinstance(node, InlineFragmentNode):
                yield from self._names(node.selection_set, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._fragments.get(node.name.value)
                if fragment is not None:
                    yield from self._names(fragment.selection_set, seen)


def price_of(
    schema: GraphQLSchema,
    document: DocumentNode,
    *,
    operation_name: str | None = None,
    variables: Mapping[str, Any] | None = None,
) -> int:
    """Upstream calls that the document may cost; 0 if the operation cannot be told."""
    operations = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (operation_name is None or (node.name and node.name.value == operation_name))
    ]
    if len(operations) != 1:
        return 0
    operation = operations[0]
    root = schema.get_root_type(operation.operation)
    if root is None:
        return 0
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    pricing = _Pricing(schema, document, {**defaults, **(variables or {})})
    return pricing.price(operation.selection_set, root.name, 1)


class PriceLimit(SchemaExtension):
    """Refuses a document that would cost more upstream calls than `limit`, before the first."""

    limit: int

    def on_validate(self) -> Iterator[None]:
        """Price the parsed document before it is validated and run."""
        refusal = self._refusal()
        if refusal is not None:
            self.execution_context.pre_execution_errors = [
                GraphQLError(refusal.message, original_error=refusal)
            ]
        yield

    def _refusal(self) -> GatewayError | None:
        context = self.execution_context
        if context.graphql_document is None:
            return None
        try:
            price = price_of(
                context.schema._schema,  # noqa: SLF001 - Strawberry has no public way to it
                context.graphql_document,
                operation_name=context.operation_name,
                variables=context.variables,
            )
        except RecursionError:
            # Validation and execution descend as deep, and would fail less politely.
            message = "this document is nested too deeply, through its fields or its fragments"
            return InvalidRequestError(message)
        if price <= self.limit:
            return None
        return QueryTooExpensiveError(
            f"this document would cost up to {price} calls to the clouds; {self.limit} are the "
            "most. Ask for fewer items with `first`, or select fewer counts or details",
            price=price,
            limit=self.limit,
        )


def price_limit(limit: int) -> type[PriceLimit]:
    """The extension for one limit, in upstream calls a document."""
    return type("PriceLimit", (PriceLimit,), {"limit": limit})
