"""Pages of the searches.

Source: EnOS Connection API, pagination request and response structs. The vendor does not say what
a page outside the rules gets; here 99400, and an empty array past the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from gateway.simulators.enos.errors import bad_parameter

ItemT = TypeVar("ItemT")

DEFAULT_PAGE_SIZE: Final = 10
MAX_PAGE_SIZE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which page: `number` from 1, `size` from 1 to 200."""

    number: int = 1
    size: int = DEFAULT_PAGE_SIZE

    def cut(self, items: Sequence[ItemT]) -> Sequence[ItemT]:
        """The items of this page; none past the end."""
        first = (self.number - 1) * self.size
        return items[first : first + self.size]

    def wire(self, *, total: int) -> dict[str, object]:
        """The `pagination` of an answer; `total` counts all matching records."""
        return {
            "sortedBy": None,
            "pageNo": self.number,
            "pageSize": self.size,
            "totalSize": total,
        }


def page_request(body: Mapping[str, object]) -> PageRequest:
    """The page a search body asks for; without `pagination` the first ten records.

    Raises:
        BusinessError: 99400 for `sorters`, other fields, missing numbers, numbers sent as
            text, or numbers out of range.
    """
    if "pagination" not in body:
        return PageRequest()
    pagination = body["pagination"]
    if not isinstance(pagination, dict):
        raise bad_parameter(name="pagination", problem="pagination is not an object")
    for name in sorted(set(pagination) - {"pageNo", "pageSize"}):
        raise bad_parameter(name=f"pagination.{name}", problem=f"{name} is not supported")
    number = _positive(pagination, "pageNo")
    size = _positive(pagination, "pageSize")
    if size > MAX_PAGE_SIZE:
        raise bad_parameter(name="pagination.pageSize", problem=f"pageSize exceeds {MAX_PAGE_SIZE}")
    return PageRequest(number=number, size=size)


def _positive(pagination: Mapping[str, object], name: str) -> int:
    value = pagination.get(name)
    if value is None:
        raise bad_parameter(name=f"pagination.{name}", problem=f"{name} is missing")
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise bad_parameter(name=f"pagination.{name}", problem=f"{name} is not a positive integer")
    return value
