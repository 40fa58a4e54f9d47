"""The type of a vendor's object kept verbatim.

Values are `object`, not a recursive alias: nothing in the gateway looks inside, and the codec of
the cache resolves these hints at run time.
"""

from collections.abc import Mapping
from typing import TypeAlias

JsonObject: TypeAlias = Mapping[str, object]
