"""Names in several languages, in the schema."""

from typing import Annotated, Self

import strawberry

from gateway.domain import text as domain


@strawberry.type(description="A translation of a name.")
class Translation:
    locale: str = strawberry.field(description="Such as `zh_CN` or `en_US`.")
    text: str = strawberry.field(description="The name in this locale.")


@strawberry.type(
    description=(
        "A name in several languages. EnOS StringI18n; Alibaba names have a default form only."
    )
)
class LocalizedText:
    value: strawberry.Private[domain.LocalizedText]

    @strawberry.field(description="The form used where a translation is missing.")
    def default(self) -> str:
        return self.value.default

    @strawberry.field(description="All translations, by locale.")
    def translations(self) -> list[Translation]:
        return [
            Translation(locale=locale, text=text)
            for locale, text in sorted(self.value.translations.items())
        ]

    @strawberry.field(
        description="The name in one locale, else in the same language, else the default form."
    )
    def text(
        self,
        locale: Annotated[
            str | None, strawberry.argument(description="Such as `zh_CN`, `en-US` or `en`.")
        ] = None,
    ) -> str:
        return self.value.text(locale)

    @classmethod
    def of(cls, value: domain.LocalizedText | None) -> Self | None:
        return None if value is None else cls(value=value)


@strawberry.type(description="A key and its value.")
class Tag:
    key: str = strawberry.field(description="Name of the tag.")
    value: str = strawberry.field(description="Value of the tag.")
