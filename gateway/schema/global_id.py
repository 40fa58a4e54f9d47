"""Global ids as arguments."""

from gateway.domain.errors import InvalidRequestError
from gateway.domain.ids import GlobalId, NodeKind


def global_id(text: str, kind: NodeKind | None = None, *, argument: tuple[str, ...]) -> GlobalId:
    """The id in `argument`; of `kind`, if one is given.

    Raises:
        InvalidRequestError: not an id of this gateway, or of another kind; names the argument.
    """
    try:
        found = GlobalId.parse(text)
        return found if kind is None else found.expect(kind)
    except InvalidRequestError as error:
        raise InvalidRequestError(error.message, path=argument) from error
