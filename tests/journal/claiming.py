"""A process that claims operations until it is killed, and prints the id of each it has."""

import asyncio
import sys
from dataclasses import replace
from itertools import count

from gateway.domain.operation import OperationState
from gateway.journal.opening import open_journal
from tests.journal.samples import LATER, operation


async def claim_until_killed(url: str, prefix: str) -> None:
    journal = await open_journal(url)
    for number in count():
        claimed = operation(f"{prefix}-{number}")
        await journal.claim(claimed, owner=prefix, until=LATER)
        sent = replace(claimed, state=OperationState.SENT)
        await journal.record(sent, owner=prefix, until=LATER)
        print(claimed.id, flush=True)  # noqa: T201 - this is how the test hears of it


if __name__ == "__main__":
    asyncio.run(claim_until_killed(*sys.argv[1:]))
