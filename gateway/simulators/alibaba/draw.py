"""Repeatable chance: every drawn value is a function of the labels its stream is named by."""

import hashlib
import string
from collections.abc import Mapping
from random import Random
from typing import TypeVar

_Option = TypeVar("_Option")
_ALPHABET = string.ascii_letters + string.digits
TOKEN_LENGTH = 20
_LETTER_OF_BYTE = bytes(ord(_ALPHABET[byte % len(_ALPHABET)]) for byte in range(256))


class Draw(Random):
    """A stream of choices; two streams of the same labels yield the same values."""

    def chance(self, probability: float) -> bool:
        """Whether an event of this probability (0 to 1) happens."""
        return self.random() < probability

    def weighted(self, weights: Mapping[_Option, float]) -> _Option:
        """One key of `weights`, as often as its weight says."""
        return self.choices(list(weights), list(weights.values()))[0]

    def token(self) -> str:
        """Twenty letters and digits: the front part of every id the vendor shows."""
        return "".join(self.choices(_ALPHABET, k=TOKEN_LENGTH))


def draw(*labels: object) -> Draw:
    """The stream of these labels, from its beginning."""
    return Draw("/".join(map(str, labels)))


def token_of(*labels: object) -> str:
    """A token of these labels without a stream, for ids that are worked out at every request."""
    text = "/".join(map(str, labels))
    digest = hashlib.blake2b(text.encode(), digest_size=TOKEN_LENGTH).digest()
    return digest.translate(_LETTER_OF_BYTE).decode()
