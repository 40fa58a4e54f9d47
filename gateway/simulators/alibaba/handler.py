"""What serves an operation."""

from collections.abc import Callable, Mapping

from gateway.simulators.alibaba.parameters import Arguments

Payload = Mapping[str, object]
"""An answer without its envelope."""

Handler = Callable[[Arguments, float], Payload]
"""Arguments and epoch seconds in, payload out; raises `errors.BusinessError`."""
