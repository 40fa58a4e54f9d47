"""What is wrong with settings, one line a key, without any value."""

from collections.abc import Iterator

from pydantic import ValidationError


class SeveralProblems(ValueError):  # noqa: N818 - carried through pydantic, never raised to callers
    """Problems of several parts at once."""

    def __init__(self, problems: list[str]) -> None:
        """Keep one line for each."""
        super().__init__("several problems")
        self.problems = problems


def problems_of(error: ValidationError) -> Iterator[str]:
    """One line for each wrong key: its name, and what is wrong."""
    for item in error.errors(include_url=False, include_input=False):
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, SeveralProblems):
            yield from cause.problems
        else:
            yield f"{'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}"
