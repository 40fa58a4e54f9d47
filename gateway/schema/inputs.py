"""Inputs that many mutations share."""

from collections.abc import Sequence
from typing import TypeVar

import strawberry

from gateway.domain import text as domain
from gateway.domain.errors import InputProblem, InvalidInputError
from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.choice import check_backends
from gateway.service.fleet import Fleet

T = TypeVar("T")


@strawberry.input(description="A translation of a name.")
class TranslationInput:
    locale: str = strawberry.field(
        description="Such as `zh_CN`. EnOS knows zh_CN, en_US, ja_JP and es_ES."
    )
    text: str = strawberry.field(description="The name in this locale.")


@strawberry.input(description="A name in several languages. EnOS StringI18n.")
class LocalizedTextInput:
    default: str = strawberry.field(description="The form used where a translation is missing.")
    translations: list[TranslationInput] = strawberry.field(
        default_factory=list, description="Translations; Alibaba names have none."
    )

    def to_domain(self, path: tuple[str, ...]) -> domain.LocalizedText:
        """The name; `path` is where it stands."""
        pairs = [(item.locale, item.text) for item in self.translations]
        return domain.LocalizedText(
            default=self.default, translations=mapping(pairs, (*path, "translations"))
        )


@strawberry.input(description="A key and its value.")
class TagInput:
    key: str = strawberry.field(description="Name of the tag; each may be there once.")
    value: str = strawberry.field(description="Value of the tag.")


def tags_of(tags: Sequence[TagInput] | None) -> dict[str, str] | None:
    """The tags of `input.tags`; None if they were not given."""
    if tags is None:
        return None
    return mapping([(tag.key, tag.value) for tag in tags], ("input", "tags"))


def mapping(pairs: Sequence[tuple[str, T]], path: tuple[str, ...]) -> dict[str, T]:
    """The list of pairs at `path` as a mapping.

    Raises:
        InvalidInputError: a key is there twice.
    """
    found: dict[str, T] = {}
    problems: list[InputProblem] = []
    for number, (key, value) in enumerate(pairs):
        if key in found:
            message = f"{key!r} is there more than once"
            problems.append(InputProblem(path=(*path, str(number)), message=message))
        found[key] = value
    if problems:
        raise InvalidInputError(problems)
    return found


def backend_id(fleet: Fleet, name: str) -> GlobalId:
    """The backend of `input.backend`.

    Raises:
        InvalidRequestError: there is no such one.
    """
    check_backends(fleet, [name], argument=("input", "backend"))
    return GlobalId(kind=NodeKind.BACKEND, backend=name)
