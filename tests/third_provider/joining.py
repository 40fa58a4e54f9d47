"""Lets the test folder's provider and its simulator join the gateway: a path for each, no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway import providers, simulators

_HERE: Final = Path(__file__).parent


@contextmanager
def acme_joins() -> Iterator[None]:
    """Put the folders of `acme` on the paths that are searched, for as long as the block lasts."""
    added = [
        (providers.__path__, str(_HERE / "providers")),
        (simulators.__path__, str(_HERE / "simulators")),
    ]
    for path, folder in added:
        path.append(folder)
    try:
        yield
    finally:
        for path, folder in added:
            path.remove(folder)
