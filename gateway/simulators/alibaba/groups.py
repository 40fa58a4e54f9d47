"""Device groups: every product has the same few, and each of its devices is in one of them.

No operation of this interface lists groups, so they are known to the console, and to tests.
"""

from gateway.simulators.alibaba import catalogue
from gateway.simulators.alibaba.draw import draw
from gateway.simulators.alibaba.job import Group
from gateway.simulators.alibaba.product import Product

_ID_LENGTH = 16


def groups_of(product_key: str, seed: int) -> tuple[Group, ...]:
    """The groups of a product, in the order of the catalogue."""
    return tuple(
        Group(id=draw(seed, "group", product_key, place).token()[:_ID_LENGTH], name=name)
        for place, name in enumerate(catalogue.GROUPS)
    )


def members(product: Product, place: int) -> range:
    """The devices of a product's group, given its place among the groups."""
    return range(place, product.devices, len(catalogue.GROUPS))
