"""Backends and clouds that arguments name."""

from collections.abc import Collection, Iterable

from gateway.domain.errors import InvalidRequestError
from gateway.service.fleet import BackendChoice, Fleet


def backend_choice(
    fleet: Fleet, names: list[str] | None, providers: list[str] | None
) -> BackendChoice:
    """The choice that a filter makes.

    Raises:
        InvalidRequestError: a name or a provider that no backend of this gateway has.
    """
    check_backends(fleet, names or (), argument=("filter", "backends"))
    clouds = {backend.provider for backend in fleet.backends.values()}
    _check(providers or (), clouds, argument=("filter", "providers"))
    return BackendChoice(
        ids=None if names is None else frozenset(names),
        providers=None if providers is None else frozenset(providers),
    )


def check_backends(fleet: Fleet, names: Iterable[str], *, argument: tuple[str, ...]) -> None:
    """Refuse names that no backend of this gateway has.

    Raises:
        InvalidRequestError: there is such a name in `argument`.
    """
    _check(names, fleet.backends.keys(), argument=argument)


def _check(asked: Iterable[str], known: Collection[str], *, argument: tuple[str, ...]) -> None:
    for name in asked:
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            message = f"`{argument[-1]}` names {name!r}; this gateway has {there}"
            raise InvalidRequestError(message, path=argument)
