"""Which backends a list asks."""

from gateway.domain.errors import InvalidRequestError
from gateway.service.fleet import BackendChoice, Fleet


def backend_choice(
    fleet: Fleet, names: list[str] | None, providers: list[str] | None
) -> BackendChoice:
    """The choice that a filter makes.

    Raises:
        InvalidRequestError: a name or a provider that no backend of this gateway has.
    """
    _known(names, sorted(fleet.backends), "backends")
    clouds = sorted({backend.provider for backend in fleet.backends.values()})
    _known(providers, clouds, "providers")
    return BackendChoice(
        ids=None if names is None else frozenset(names),
        providers=None if providers is None else frozenset(providers),
    )


def _known(asked: list[str] | None, known: list[str], argument: str) -> None:
    for name in asked or ():
        if name not in known:
            message = f"`{argument}` names {name!r}; this gateway has {', '.join(known) or 'none'}"
            raise InvalidRequestError(message, path=("filter", argument))
