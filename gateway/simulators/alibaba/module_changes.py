"""The operations that make, describe and delete modules."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.simulators.alibaba import checks
from gateway.simulators.alibaba.errors import BusinessError, InventedCodes
from gateway.simulators.alibaba.finder import Finder
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.handler import Handler, Payload
from gateway.simulators.alibaba.parameters import Arguments
from gateway.simulators.alibaba.product import Module, Product

MOST_MODULES = 10
_DEFAULT = "default"
_FIRST_VERSION = "1.0.0"
_LONGEST_ALIAS = 64
_LONGEST_NOTE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleChanges:
    """Answers the operations on modules; raises the vendor's business failures."""

    fleet: Fleet
    finder: Finder
    codes: InventedCodes

    def handlers(self) -> Mapping[str, Handler]:
        """The operations by name."""
        return {
            "CreateOTAModule": self.create_ota_module,
            "UpdateOTAModule": self.update_ota_module,
            "DeleteOTAModule": self.delete_ota_module,
        }

    def create_ota_module(self, arguments: Arguments, now_s: float) -> Payload:
        """Add a module, which every device of the product then reports in its first version."""
        product = self.finder.product(arguments)
        name = arguments.texts["ModuleName"]
        checks.check_shape("ModuleName", name, checks.MODULE_NAME)
        _check_texts(arguments)
        if name.lower() in {module.name.lower() for module in product.modules}:
            message = "There is a module of this name already."
            raise BusinessError(self.codes.module_exists, message)
        if sum(module.name != _DEFAULT for module in product.modules) >= MOST_MODULES:
            message = f"There are {MOST_MODULES} modules in this product already."
            raise BusinessError(self.codes.module_count_exceeded, message)
        module = Module(
            name=name,
            alias=arguments.texts.get("AliasName"),
            note=arguments.texts.get("Desc"),
            first_version=_FIRST_VERSION,
            created_s=now_s,
            modified_s=now_s,
        )
        self._keep(product, (*product.modules, module))
        return {}

    def update_ota_module(self, arguments: Arguments, now_s: float) -> Payload:
        """Change a module's alias and description; what is not given stays."""
        product = self.finder.product(arguments)
        module = self.finder.module(product, arguments.texts["ModuleName"])
        _check_texts(arguments)
        changed = replace(
            module,
            alias=arguments.texts.get("AliasName", module.alias),
            note=arguments.texts.get("Desc", module.note),
            modified_s=now_s,
        )
        modules = (changed if other is module else other for other in product.modules)
        self._keep(product, tuple(modules))
        return {}

    def delete_ota_module(self, arguments: Arguments, now_s: float) -> Payload:
        """Delete a module that has no packages; `now_s` is when, which nothing shows."""
        del now_s
        product = self.finder.product(arguments)
        module = self.finder.module(product, arguments.texts["ModuleName"])
        used = any(
            (firmware.product.key, firmware.module.name) == (product.key, module.name)
            for firmware in self.fleet.firmwares
        )
        if module.name == _DEFAULT or used:
            message = "The module is the default one, or has firmwares."
            raise BusinessError(self.codes.module_in_use, message)
        self._keep(product, tuple(other for other in product.modules if other is not module))
        return {}

    def _keep(self, product: Product, modules: tuple[Module, ...]) -> None:
        self.fleet.replace_product(replace(product, modules=modules))


def _check_texts(arguments: Arguments) -> None:
    checks.check_length("AliasName", arguments.texts.get("AliasName"), _LONGEST_ALIAS)
    checks.check_length("Desc", arguments.texts.get("Desc"), _LONGEST_NOTE)
