"""Rules that documents are validated by, beside those of the GraphQL specification."""

from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLError,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    ValidationRule,
    get_named_type,
    get_nullable_type,
    is_nullable_type,
    type_from_ast,
)

from gateway.schema.documents.size import INTROSPECTION

_DEFINITION: Final = "strawberry-definition"


class NoIntrospection(ValidationRule):
    """Refuses `__schema` and `__type`; `__typename` tells nothing that the answer does not."""

    def enter_field(self, node: FieldNode, *_args: Any) -> None:  # noqa: ANN401 - a visitor
        """Look at a field."""
        name = node.name.value
        if name in INTROSPECTION:
            self.report_error(GraphQLError(f"this gateway answers no `{name}`", [node]))


class OneOfInputs(ValidationRule):
    """Holds inputs to `@oneOf`: exactly one field, and not null.

    graphql-core would, but Strawberry does not tell it which inputs these are. Strawberry's own
    rule fails with an exception on a variable that is not defined, and on any variable in a
    fragment that stands before its operation.
    """

    def enter_object_value(self, node: ObjectValueNode, *_args: Any) -> None:  # noqa: ANN401 - a visitor
        """Look at a literal."""
        kind = get_named_type(self.context.get_input_type())
        if _is_one_of(kind) and (
            len(node.fields) != 1 or isinstance(node.fields[0].value, NullValueNode)
        ):
            message = f"a '{kind}' has exactly one of its fields, which is not null"
            self.report_error(GraphQLError(message, [node]))

    def leave_operation_definition(
        self,
        operation: OperationDefinitionNode,
        *_args: Any,  # noqa: ANN401 - a visitor
    ) -> None:
        """Look at the variables that become a field of such an input."""
        kinds = {
            node.variable.name.value: type_from_ast(self.context.schema, node.type)
            for node in operation.variable_definitions or ()
        }
        for usage in self.context.get_recursive_variable_usages(operation):
            name = usage.node.name.value
            parent = get_nullable_type(usage.parent_type)
            if _is_one_of(parent) and is_nullable_type(kinds.get(name)):
                message = (
                    f"variable '${name}' is the one field of a '{parent}', so its type must be "
                    f"'{kinds[name]}!'"
                )
                self.report_error(GraphQLError(message, [usage.node]))


def _is_one_of(kind: object) -> bool:
    definition = getattr(kind, "extensions", {}).get(_DEFINITION)
    return bool(getattr(definition, "is_one_of", False))


def bounded_comparisons(budget: int) -> type[OverlappingFieldsCanBeMergedRule]:
    """graphql-core's rule, which gives up after `budget` steps instead of half a million."""

    class BoundedComparisons(OverlappingFieldsCanBeMergedRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = budget

    return BoundedComparisons
