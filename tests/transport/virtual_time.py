"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import ParamSpec

P = ParamSpec("P")

# A little time passes with each turn of a real loop too; without it, a wait shorter than the
# resolution of a float would never end.
_TURN_S = 1e-9


class _JumpingSelector(selectors.DefaultSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            message = "the test waits for something that never happens"
            raise RuntimeError(message)
        self.now += _TURN_S if ready else max(timeout or 0.0, _TURN_S)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Starts at 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def hold_up(self, seconds: float) -> None:
        """Let time pass in which nothing else runs, as when something computes."""
        self._jumping.now += seconds


def virtual_time(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run an async test on a `VirtualTimeLoop`: hours pass in no time."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


def hold_up(seconds: float) -> None:
    """Keep the running loop busy; it is a `VirtualTimeLoop`."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    loop.hold_up(seconds)


def clock() -> float:
    """The time of the running loop."""
    return asyncio.get_running_loop().time()
