"""The account a simulator accepts: one AccessKey pair and one instance."""

import secrets
import string
from dataclasses import dataclass, field
from random import Random

from gateway.simulators.alibaba.draw import draw

_LETTERS = string.ascii_letters + string.digits
_LOWER = string.ascii_lowercase + string.digits
_KEY_ID_LENGTH = 18
_KEY_SECRET_LENGTH = 30
_INSTANCE_LENGTH = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class AlibabaCredentials:
    """What a client must know to call one simulated account; all three are constructor options."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    instance_id: str


def generate_credentials(seed: int | None = None) -> AlibabaCredentials:
    """A new account in the vendor's usual shapes.

    Without a seed the values come from the operating system and cannot be guessed, as a demo
    that listens on a socket needs; a seed repeats them and is for tests only.
    """
    source: Random = secrets.SystemRandom() if seed is None else draw(seed, "credentials")
    return AlibabaCredentials(
        access_key_id="LTAI5t" + "".join(source.choices(_LETTERS, k=_KEY_ID_LENGTH)),
        access_key_secret="".join(source.choices(_LETTERS, k=_KEY_SECRET_LENGTH)),
        instance_id="iot-" + "".join(source.choices(_LOWER, k=_INSTANCE_LENGTH)),
    )
