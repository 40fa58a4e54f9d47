"""Numbered pages: which slice of a list a request asks for, and the fields that report it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.simulators.alibaba import errors

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber:
    """A page asked for: `number` counts from 1, `size` is the number of items on a full page."""

    number: int
    size: int

    def checked(self, *, largest: int, deepest: int | None = None) -> "PageNumber":
        """This page, if the operation has it.

        `largest` is the greatest size, `deepest` the greatest product of number and size.

        Raises:
            BusinessError: `iot.common.InvalidPageParams`.
        """
        if self.number < 1 or not 1 <= self.size <= largest:
            raise errors.invalid_page()
        if deepest is not None and self.number * self.size > deepest:
            raise errors.invalid_page()
        return self

    def cut(self, items: Sequence[_Item]) -> Sequence[_Item]:
        """The items on this page; none behind the last page."""
        return items[(self.number - 1) * self.size : self.number * self.size]

    def fields(self, total: int) -> dict[str, object]:
        """The four paging fields of an answer; an empty list has zero pages."""
        return {
            "CurrentPage": self.number,
            "PageSize": self.size,
            "PageCount": -(-total // self.size),
            "Total": total,
        }
