"""The record of putting an input into EnOS's words: what is wrong with it, and what was converted.

Paths are those of the schema's input, in camel case. All checks run, so that every problem is told
at once.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

from gateway.domain.errors import InputProblem, InvalidInputError
from gateway.domain.write import Conversion

Path: TypeAlias = tuple[str, ...]

INPUT: Final[Path] = ("input",)
NOT_GIVEN: Final = "null"

_SHOWN: Final = 40


class Translation:
    """Problems and conversions of one input, in the order in which they were met."""

    def __init__(self) -> None:
        """Nothing has been met yet."""
        self._problems: list[InputProblem] = []
        self._conversions: list[Conversion] = []

    @property
    def conversions(self) -> tuple[Conversion, ...]:
        """Every value that reaches EnOS in another unit or word, or that EnOS insists on."""
        return tuple(self._conversions)

    def finish(self) -> None:
        """End the checks.

        Raises:
            InvalidInputError: there were problems; it has them all.
        """
        if self._problems:
            raise InvalidInputError(self._problems)

    def refuse(self, path: Path, message: str, *nearest: object) -> None:
        """Note a problem; `nearest` are the nearest values that would do."""
        self._problems.append(
            InputProblem(path=path, message=message, nearest=tuple(map(str, nearest)))
        )

    def convert(self, path: Path, given: object, sent_as: str, sent: object) -> None:
        """Note that a value goes out as another text than it came in; equal texts are no news."""
        if str(given) != str(sent):
            self._conversions.append(
                Conversion(path=path, given=str(given), sent_as=sent_as, sent=str(sent))
            )

    def unsupported(self, fields: Mapping[str, object], why: str) -> None:
        """Refuse each of the input's `fields` that has a value."""
        for name, value in fields.items():
            if value is not None:
                self.refuse((*INPUT, name), f"{name} cannot be set: {why}")

    def within(self, path: Path, value: int, lowest: int, highest: int, unit: str = "") -> None:
        """Refuse a number outside of `lowest` to `highest`."""
        if not lowest <= value <= highest:
            message = f"{path[-1]} must be {lowest} to {highest} {unit}"
            self.refuse(path, message.rstrip(), min(max(value, lowest), highest))

    def text(self, path: Path, value: str) -> None:
        """Refuse text that is blank, or that UTF-8 cannot carry."""
        if not value.strip():
            self.refuse(path, f"{path[-1]} must not be empty")
        elif not is_encodable(value):
            self.refuse(path, f"{path[-1]} holds half of a surrogate pair, which is no text")

    def texts(self, path: Path, values: Sequence[str]) -> None:
        """Refuse a list that is empty, or that has a text in it twice or one that cannot be."""
        if not values:
            self.refuse(path, f"{path[-1]} must name at least one")
        for value in dict.fromkeys(values):
            self.text(path, value)
        if len(set(values)) < len(values):
            repeated = next(value for value in values if values.count(value) > 1)
            self.refuse(path, f"{path[-1]} names {shown(repeated)} more than once")


def is_encodable(value: str) -> bool:
    """Tell whether UTF-8 can carry `value`."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(value: str) -> str:
    """A value of the caller's, quoted for a message, shortened and in one line."""
    short = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}..."
    return ascii(short) if not short.isprintable() else f"'{short}'"


def iso(moment: datetime) -> str:
    """A point in time as the schema writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
