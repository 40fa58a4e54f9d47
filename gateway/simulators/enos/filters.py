"""Expressions made into tests of records: each action's own fields and operators, nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from gateway.simulators.enos.expression import (
    Condition,
    Conjunction,
    Expression,
    ExpressionError,
    Operator,
)
from gateway.simulators.enos.texts import LocalText

RecordT = TypeVar("RecordT")

EQUALS_ONLY: Final = frozenset({Operator.EQUALS})
EQUALS_OR_IN: Final = frozenset({Operator.EQUALS, Operator.IN})

DEFAULT_NAME_SUFFIXES: Final = ("default", "defaultValue")
"""Older and newer spelling of a localised name's default; both occur in vendor code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField(Generic[RecordT]):
    """A field of text, compared case-sensitively; a record without it never matches."""

    read: Callable[[RecordT], str | None]
    operators: frozenset[Operator] = EQUALS_OR_IN

    def predicate(self, condition: Condition) -> Callable[[RecordT], bool]:
        """The test that `condition` puts to a record."""
        if condition.operator not in self.operators:
            raise _refused_operator(condition)
        if not all(isinstance(literal, str) for literal in condition.literals):
            raise _refused_literal(condition, "a quoted text")
        wanted = frozenset(condition.literals)
        read = self.read
        return lambda record: read(record) in wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagField(Generic[RecordT]):
    """A boolean field, only comparable with `=` and an unquoted literal."""

    read: Callable[[RecordT], bool]

    def predicate(self, condition: Condition) -> Callable[[RecordT], bool]:
        """The test that `condition` puts to a record."""
        if condition.operator is not Operator.EQUALS:
            raise _refused_operator(condition)
        (wanted,) = condition.literals
        if not isinstance(wanted, bool):
            raise _refused_literal(condition, "true or false")
        read = self.read
        return lambda record: read(record) is wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class NameField(Generic[RecordT]):
    """A localised name, only comparable with `like`: a substring in any case.

    `suffix` None looks at the default and every localised name, a default suffix at the default
    name alone, a locale at the name in it or, where it is missing, at the default name.
    """

    read: Callable[[RecordT], LocalText | None]
    suffix: str | None = None

    def predicate(self, condition: Condition) -> Callable[[RecordT], bool]:
        """The test that `condition` puts to a record."""
        if condition.operator is not Operator.LIKE:
            raise _refused_operator(condition)
        part = str(condition.literals[0]).casefold()

        def matches(record: RecordT) -> bool:
            name = self.read(record)
            return name is not None and any(
                part in spelling.casefold() for spelling in self._spellings(name)
            )

        return matches

    def _spellings(self, name: LocalText) -> tuple[str, ...]:
        if self.suffix is None:
            return name.spellings()
        if self.suffix in DEFAULT_NAME_SUFFIXES:
            return (name.default,)
        return (name.in_locale(self.suffix),)


Field = TextField[RecordT] | FlagField[RecordT] | NameField[RecordT]


def name_fields(
    path: str, read: Callable[[RecordT], LocalText | None], locales: tuple[str, ...]
) -> dict[str, NameField[RecordT]]:
    """The paths of a localised name: bare, with each default suffix, with each locale."""
    suffixes = (*DEFAULT_NAME_SUFFIXES, *locales)
    return {path: NameField(read=read)} | {
        f"{path}.{suffix}": NameField(read=read, suffix=suffix) for suffix in suffixes
    }


def predicate(
    expression: Expression, fields: Mapping[str, Field[RecordT]]
) -> Callable[[RecordT], bool]:
    """The test an expression puts to a record of an action with these fields.

    Raises:
        ExpressionError: a field, an operator or a kind of literal the action does not allow.
    """
    tests = [_conjunction(part, fields) for part in expression.alternatives]
    if len(tests) == 1:
        return tests[0]
    return lambda record: any(test(record) for test in tests)


def _conjunction(
    conjunction: Conjunction, fields: Mapping[str, Field[RecordT]]
) -> Callable[[RecordT], bool]:
    tests = [_condition(condition, fields) for condition in conjunction.conditions]
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def _condition(
    condition: Condition, fields: Mapping[str, Field[RecordT]]
) -> Callable[[RecordT], bool]:
    field = fields.get(condition.path)
    if field is None:
        message = f"field {condition.path} is not supported"
        raise ExpressionError(message)
    return field.predicate(condition)


def _refused_operator(condition: Condition) -> ExpressionError:
    return ExpressionError(f"operator {condition.operator} is not supported for {condition.path}")


def _refused_literal(condition: Condition, expected: str) -> ExpressionError:
    return ExpressionError(f"{condition.path} takes {expected}")
