"""Repeatable chance: the same seed gives the same fleet."""

import random
from typing import Final, TypeVar

ItemT = TypeVar("ItemT")

_ALPHANUMERIC: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def seeded(*parts: object) -> random.Random:
    """A generator of its own for each sequence of parts, so that streams do not disturb others."""
    seed = "/".join(str(part) for part in parts)
    return random.Random(seed)  # noqa: S311 - repeatable data, nothing secret


def hex_digits(chance: random.Random, count: int) -> str:
    """So many lower-case hex digits."""
    return f"{chance.getrandbits(4 * count):0{count}x}"


def alphanumeric(number: int, *, length: int = 8) -> str:
    """A code such as `rFFJ6j53`; different for every `number` below 62 to the power `length`."""
    base = len(_ALPHANUMERIC)
    # An odd factor that 31 does not divide is coprime to 62, so the scrambling loses nothing.
    rest = (number * 104_729_000_017 + 55_441_234_567) % base**length
    digits = []
    for _ in range(length):
        rest, digit = divmod(rest, base)
        digits.append(_ALPHANUMERIC[digit])
    return "".join(digits)
