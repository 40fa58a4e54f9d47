"""What the mutations of firmware modules take."""

import strawberry

from gateway.domain.draft import ModuleDraft


@strawberry.input(description="A module that is named by the subclasses' mutation.")
class _OneModule:
    backend: str = strawberry.field(description="`name` of the backend that the product is on.")
    product_key: str = strawberry.field(description="Key of the product. Alibaba ProductKey.")
    name: str = strawberry.field(
        description="Name of the module, unique within the product: 1 to 64 letters, digits, dots, "
        "hyphens and underscores. Alibaba ModuleName."
    )


@strawberry.input(description="What is said about a module.")
class _ToldModule(_OneModule):
    alias: str | None = strawberry.field(
        default=None, description="A name for people, 1 to 64 characters. Alibaba AliasName."
    )
    description: str | None = strawberry.field(
        default=None, description="What it is, at most 100 characters. Alibaba Desc."
    )

    def draft(self) -> ModuleDraft:
        """The module."""
        return ModuleDraft(
            product_key=self.product_key,
            name=self.name,
            alias=self.alias,
            description=self.description,
        )


@strawberry.input(
    description="A firmware module to be defined. `default` is the main one, which every product "
    "has."
)
class CreateModuleInput(_ToldModule):
    """The module."""


@strawberry.input(
    description="Changes to what is said about a module; what is null stays as it is."
)
class UpdateModuleInput(_ToldModule):
    """The module."""


@strawberry.input(description="A module to be removed; `default` cannot be.")
class DeleteModuleInput(_OneModule):
    """The module alone."""
