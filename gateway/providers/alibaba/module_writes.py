"""Writes on firmware modules of products as calls.

Source: CreateOTAModule, UpdateOTAModule, DeleteOTAModule.
"""

from typing import Final

from gateway.domain.draft import ModuleDraft
from gateway.domain.write import WritePlan
from gateway.providers.alibaba.planning import Planning
from gateway.providers.alibaba.text_checks import put_text, put_word

_LONGEST_ALIAS: Final = 64
_LONGEST_DESCRIPTION: Final = 100
_DEFAULT_MODULE: Final = "default"


def plan_module(draft: ModuleDraft, operation: str) -> WritePlan:
    """CreateOTAModule or UpdateOTAModule.

    Raises:
        InvalidInputError: a text that does not fit, or an update of nothing.
    """
    planning = _module(draft.product_key, draft.name)
    updating = operation == "UpdateOTAModule"
    if updating and draft.alias is None and draft.description is None:
        planning.refuse((), "there is nothing to change")
    if not updating and draft.name.casefold() == _DEFAULT_MODULE:
        planning.refuse(("name",), f"every product has the module {_DEFAULT_MODULE} already")
    put_text(planning, "alias", "AliasName", draft.alias, _LONGEST_ALIAS, shortest=1)
    put_text(planning, "description", "Desc", draft.description, _LONGEST_DESCRIPTION)
    return planning.plan(planning.call(operation))


def plan_module_deletion(product_key: str, name: str) -> WritePlan:
    """DeleteOTAModule.

    Raises:
        InvalidInputError: the module that every product has, which cannot be removed.
    """
    planning = _module(product_key, name)
    if name.casefold() == _DEFAULT_MODULE:
        planning.refuse(("name",), f"the module {_DEFAULT_MODULE} cannot be removed")
    return planning.plan(planning.call("DeleteOTAModule"))


def _module(product_key: str, name: str) -> Planning:
    planning = Planning()
    if not product_key:
        planning.refuse(("productKey",), "productKey is missing")
    planning.put("ProductKey", product_key)
    put_word(planning, ("name",), "ModuleName", name)
    return planning
