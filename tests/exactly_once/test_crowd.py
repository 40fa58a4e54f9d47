"""Many callers of one key at two gateways with one journal: one of them writes."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from tests.exactly_once.clients import Wish, made
from tests.exactly_once.crowd import Answers, crowd
from tests.exactly_once.processes import Clouds, Gateway, running_gateway

CALLERS = 100


async def crowds(
    gateways: Sequence[Gateway], clouds: Clouds, wishes: Sequence[Wish]
) -> list[Answers]:
    """All of them at once."""
    return await asyncio.gather(
        *(crowd(gateways, clouds, wish, callers=CALLERS) for wish in wishes)
    )


@pytest.mark.processes
def test_a_crowd_with_one_key_at_two_gateways_gets_one_job(
    clouds: Clouds, journal_url: str, tmp_path: Path
) -> None:
    wishes = [Wish(key=f"crowd-{uuid4().hex}", cloud=cloud) for cloud in ("enos", "alibaba")]
    with (
        running_gateway(clouds, journal_url, tmp_path) as one,
        running_gateway(clouds, journal_url, tmp_path) as two,
    ):
        found = asyncio.run(crowds([one, two], clouds, wishes))

    for wish, answers in zip(wishes, found, strict=True):
        (job,) = made(clouds, wish.cloud)[wish.key]
        assert answers.outcomes == {"OK": CALLERS}
        assert answers.subjects == {job}
        assert answers.first == 1
