"""Whatever fails, and whenever: no call is ever executed twice, and the truth comes out."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.errors import (
    GatewayError,
    JournalUnavailableError,
    ProviderAuthError,
    ProviderContractError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.domain.operation import SETTLED, OperationState
from gateway.service.writing.operations import Operations
from tests.service.writing.fakes import (
    UNCLEAR,
    CallKey,
    FakeCloud,
    FakeJournal,
    Look,
    Send,
    down,
)
from tests.service.writing.world import World, retry
from tests.transport.virtual_time import VirtualTimeLoop

CHUNKS = 3
# What the cloud shows is true or unclear: if it showed what is not so, no looking could help.
DOUBTS: Sequence[Look] = (
    UNCLEAR,
    ProviderUnavailableError("down"),
    ProviderTimeoutError("silence"),
    RuntimeError("a bug"),
)

seconds = st.sampled_from([0.0, 0.2, 3.0, 20.0, 70.0])
proven = st.builds(
    Send,
    executed=st.just(False),
    error=st.sampled_from(
        [
            ProviderRejectedError("no"),
            ProviderRateLimitedError("slow"),
            ProviderAuthError("who"),
        ]
    ),
    lasts_s=seconds,
    executed_if_cut=st.just(False),
)
lost = st.builds(
    Send,
    executed=st.booleans(),
    error=st.sampled_from(
        [
            ProviderTimeoutError("silence"),
            ProviderUnavailableError("reset"),
            ProviderContractError("half"),
            RuntimeError("a bug"),
        ]
    ),
    lasts_s=seconds,
    executed_if_cut=st.booleans(),
)
done = st.builds(Send, lasts_s=seconds, executed_if_cut=st.booleans())


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What goes wrong: in the sends, at the calls of the journal, in the looks, and when.

    At each of `kills_s` a replica is killed and another started; between the pairs of `outages_s`
    the journal is away. Callers come, with one key, at `callers_s`.
    """

    sends: list[Send]
    looks: list[Look]
    journal: dict[int, bool]
    lag_s: float
    kills_s: list[float]
    outages_s: list[float]
    callers_s: list[float]


moments = st.floats(0, 400, allow_nan=False).map(lambda at: round(at, 1))
scripts = st.builds(
    Script,
    sends=st.lists(done | lost | proven, max_size=8),
    looks=st.lists(st.sampled_from(DOUBTS), max_size=4),
    journal=st.dictionaries(st.integers(0, 60), st.booleans(), max_size=8),
    lag_s=st.sampled_from([0.0, 2.5, 10.0]),
    kills_s=st.lists(moments, max_size=4),
    outages_s=st.lists(moments, max_size=4),
    callers_s=st.lists(moments, min_size=1, max_size=6),
)


class Trouble:
    """A journal that fails at some calls, before or after it took them, and in its outages."""

    def __init__(self, script: Script) -> None:
        self._turns = script.journal
        self._turn = -1
        bounds = sorted(script.outages_s)
        self._outages = [pair for number, pair in enumerate(pairwise(bounds)) if number % 2 == 0]

    def __call__(self, name: str) -> bool:
        self._turn += 1
        now = asyncio.get_running_loop().time()
        if any(start <= now < end for start, end in self._outages):
            return down(name)
        taken = self._turns.get(self._turn)
        return False if taken is None else taken or down(name)


class Play:
    """A script being played: two replicas, of which kills replace one after the other."""

    def __init__(self, script: Script) -> None:
        self.world = World(
            cloud=FakeCloud(
                sends=list(script.sends), looks=list(script.looks), settle_s=script.lag_s
            ),
            journal=FakeJournal(trouble=Trouble(script)),
        )
        self._script = script
        self._alive: list[tuple[Operations, asyncio.Task[None]]] = []

    async def play(self) -> None:
        for _ in range(2):
            self._start()
        await asyncio.gather(
            *(self._kill(at_s) for at_s in self._script.kills_s),
            *(self._call(number, at_s) for number, at_s in enumerate(self._script.callers_s)),
        )
        await asyncio.sleep(2_000)
        for gateway, watching in self._alive:
            watching.cancel()
            await gateway.drain(0)

    def _start(self) -> None:
        gateway = self.world.replica()
        self._alive.append((gateway, asyncio.create_task(gateway.watch())))

    async def _kill(self, at_s: float) -> None:
        await asyncio.sleep(at_s)
        gateway, watching = self._alive.pop(0)
        watching.cancel()
        self._start()
        # Its tasks end where they stand and write nothing down, as if the process had died.
        await gateway.drain(0)

    async def _call(self, number: int, at_s: float) -> None:
        await asyncio.sleep(at_s)
        gateway, _ = self._alive[number % 2]
        before = len(self.world.cloud.sent)
        try:
            await self.world.perform(retry(2 * CHUNKS), by=gateway)
        except JournalUnavailableError:
            if len(self._script.callers_s) == 1:
                assert len(self.world.cloud.sent) == before
        except GatewayError:
            pass


def executions(world: World) -> dict[CallKey, int]:
    counts: dict[CallKey, int] = {}
    for key, _, _ in world.cloud.executed:
        counts[key] = counts.get(key, 0) + 1
    return counts


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts)
def test_no_call_is_executed_twice_and_every_operation_tells_the_truth_in_the_end(
    script: Script,
) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        play = Play(script)
        runner.run(play.play())

    counts = executions(play.world)
    assert max(counts.values(), default=0) <= 1
    for row in play.world.journal.rows.values():
        operation = row.operation
        assert operation.state in SETTLED
        for number, call in enumerate(operation.calls):
            key = ("retry", (f"t-{2 * number + 1}", f"t-{2 * number + 2}"))
            if call.state is OperationState.SUCCEEDED:
                assert counts.get(key) == 1
            elif call.state is not OperationState.NEEDS_ATTENTION:
                assert key not in counts
