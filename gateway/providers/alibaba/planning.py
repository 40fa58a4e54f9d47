"""Collects what one write comes to: parameters, conversions, and all that is wrong with it."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from gateway.domain.errors import InputProblem, InvalidInputError
from gateway.domain.write import Conversion, PlannedCall, WritePlan
from gateway.providers.alibaba.parameters import Parameter, flatten

Path: TypeAlias = tuple[str, ...]
"""Where a value stands in a mutation's `input`, in the schema's names."""

_INPUT = "input"


class Planning:
    """One write on its way from the domain's words to the cloud's.

    Checks go on after the first problem, so that a caller learns all of them at once.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._parameters: dict[str, Parameter] = {}
        self._conversions: list[Conversion] = []
        self._problems: list[InputProblem] = []

    def put(self, name: str, value: Parameter) -> None:
        """Send `value` as it is; None leaves the parameter out."""
        self._parameters[name] = value

    def convert(self, path: Path, given: object, name: str, sent: str | int) -> None:
        """Send `sent` for what the caller calls `given`, and let the caller know."""
        self._parameters[name] = sent
        self._conversions.append(
            Conversion(path=(_INPUT, *path), given=str(given), sent_as=name, sent=str(sent))
        )

    def refuse(self, path: Path, message: str, nearest: Iterable[object] = ()) -> None:
        """Note a problem with the value at `path`; `nearest` are allowed values next to it."""
        self._problems.append(
            InputProblem(
                path=(_INPUT, *path),
                message=message,
                nearest=tuple(dict.fromkeys(str(value) for value in nearest)),
            )
        )

    def refuse_given(self, values: Mapping[str, object | None], reason: str) -> None:
        """Note a problem for every value that was given at all; `reason` follows its name."""
        for name, value in values.items():
            if value is not None:
                self.refuse((name,), f"{name} {reason}")

    def call(self, operation: str) -> PlannedCall:
        """The call of `operation` with the parameters so far.

        Raises:
            InvalidInputError: there were problems.
        """
        self.check()
        return PlannedCall(operation=operation, parameters=flatten(self._parameters))

    def plan(self, *calls: PlannedCall, dependent: bool = False) -> WritePlan:
        """The plan of these calls, with all conversions made.

        Raises:
            InvalidInputError: there were problems.
        """
        self.check()
        return WritePlan(calls=calls, conversions=tuple(self._conversions), dependent=dependent)

    def check(self) -> None:
        """Raise InvalidInputError with every problem, if there is any."""
        if self._problems:
            raise self.refusal()

    def refusal(self) -> InvalidInputError:
        """The error with every problem; there is at least one."""
        return InvalidInputError(self._problems)
