"""Reading JSON bodies strictly: known fields, right types, values in range.

Whatever is wrong is 99400 with the path of the field. A null counts as a wrong type: a client
leaves out what it does not want to say.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from gateway.simulators.enos.errors import BusinessError, bad_parameter
from gateway.simulators.enos.rules import DOCUMENTED_LOCALES, WriteRules
from gateway.simulators.enos.texts import LocalText

_MAX_DIGITS: Final = 18


class Fields:
    """The fields of one JSON object, read by name; every reader refuses a missing field."""

    def __init__(
        self,
        values: Mapping[str, object],
        *,
        known: Collection[str],
        rules: WriteRules,
        path: str = "",
    ) -> None:
        """Take an object found at `path`, empty for the body itself.

        Raises:
            BusinessError: 99400 for a field that is not `known`.
        """
        self._values = values
        self._rules = rules
        self._path = path
        for name in sorted(set(values) - set(known)):
            raise self.refused(name=name, problem=f"{name} is not supported")

    def __contains__(self, name: str) -> bool:
        """Whether the field was sent."""
        return name in self._values

    def refused(self, *, name: str, problem: str) -> BusinessError:
        """99400 for one of these fields."""
        return bad_parameter(name=self._path_of(name), problem=problem)

    def is_empty_list(self, name: str) -> bool:
        """Whether the field was sent as a list without elements."""
        return self._values.get(name) == []

    def sent(self, name: str) -> object:
        """The field as it was sent; None if it was not."""
        return self._values.get(name)

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self._value(name)
        if not isinstance(value, str) or not value:
            raise self.refused(name=name, problem=f"{name} is not a text")
        return value

    def word(self, name: str, words: Collection[str]) -> str:
        """One of these words."""
        word = self.text(name)
        if word not in words:
            raise self.refused(
                name=name, problem=f"{name} is not one of {', '.join(sorted(words))}"
            )
        return word

    def flag(self, name: str) -> bool:
        """A boolean."""
        value = self._value(name)
        if not isinstance(value, bool):
            raise self.refused(name=name, problem=f"{name} is not a boolean")
        return value

    def integer(self, name: str, *, least: int, most: int | None = None) -> int:
        """A whole number from `least` to `most`."""
        value = self._value(name)
        if self._rules.numbers_as_text == "accept" and isinstance(value, str):
            is_short = value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS
            value = int(value) if is_short else value
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.refused(name=name, problem=f"{name} is not an integer")
        if value < least or (most is not None and value > most):
            raise self.refused(name=name, problem=f"{name} is out of range")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of at least one text, none of them empty or there twice."""
        texts = [text for text in self.items(name) if isinstance(text, str) and text]
        if len(texts) < len(self.items(name)):
            raise self.refused(name=name, problem=f"{name} is not a list of texts")
        if len(set(texts)) < len(texts):
            raise self.refused(name=name, problem=f"{name} has duplicates")
        return tuple(texts)

    def items(self, name: str) -> list[object]:
        """A list of at least one thing."""
        value = self._value(name)
        if not isinstance(value, list) or not value:
            raise self.refused(name=name, problem=f"{name} is not a list with elements")
        return value

    def mapping(self, name: str) -> dict[str, object]:
        """An object with any fields."""
        value = self._value(name)
        if not isinstance(value, dict):
            raise self.refused(name=name, problem=f"{name} is not an object")
        return value

    def inner(self, name: str, known: Collection[str]) -> "Fields":
        """An object with known fields."""
        return Fields(self.mapping(name), known=known, rules=self._rules, path=self._path_of(name))

    def inners(self, name: str, known: Collection[str]) -> Iterator["Fields"]:
        """A list of at least one object with known fields."""
        for position, item in enumerate(self.items(name)):
            path = f"{self._path_of(name)}[{position}]"
            if not isinstance(item, dict):
                raise bad_parameter(name=path, problem=f"{path} is not an object")
            yield Fields(item, known=known, rules=self._rules, path=path)

    def local_text(self, name: str) -> LocalText:
        """A StringI18n, with both of its fields as every sample has them."""
        inner = self.inner(name, ("defaultValue", "i18nValue"))
        locales = tuple(inner.mapping("i18nValue"))
        known = DOCUMENTED_LOCALES if self._rules.other_locales == "refuse" else locales
        translations = inner.inner("i18nValue", known)
        return LocalText(
            default=inner.text("defaultValue"),
            translations={locale: translations.text(locale) for locale in locales},
        )

    def _value(self, name: str) -> object:
        if name not in self._values:
            raise self.refused(name=name, problem=f"{name} is missing")
        return self._values[name]

    def _path_of(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name
