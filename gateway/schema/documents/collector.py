"""Keeps Python's garbage collector from stopping the world for a document that is thrown away.

Validation leaves thousands of objects in cycles. While they are in use the collector moves them
into its oldest generation, whose collection looks at everything the process holds: every fourth
hostile document of 2,000 tokens took 80 to 180 ms longer for it. So nothing is collected while a
document is prepared, and what is left of a refused one is collected at once, while it is young.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect nothing within the block, which must be short and must not wait for anything."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def collect_young() -> None:
    """Collect what was made since the last collection, and nothing older."""
    if gc.isenabled():
        gc.collect(0)
