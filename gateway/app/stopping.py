"""Ending what runs in the background."""

import asyncio


async def stop(task: asyncio.Task[None]) -> None:
    """Cancel `task` and wait until it has ended, however it ends."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
