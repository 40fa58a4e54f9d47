"""Places of sockets and event streams."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.app.graphql.limits import Limits
from gateway.app.graphql.replies import Refused, Why
from gateway.app.graphql.streams import Ending, OpenStreams
from gateway.domain.principal import Principal, Role
from tests.transport.virtual_time import virtual_time

START = datetime(2026, 11, 21, tzinfo=UTC)


def principal(name: str, *, lasts_s: float | None = None, tenant: str = "default") -> Principal:
    ends = None if lasts_s is None else START + timedelta(seconds=lasts_s)
    return Principal(id=f"key:{name}", tenant=tenant, role=Role.READ, expires_at=ends)


def streams(**limits: int) -> OpenStreams:
    loop = asyncio.get_running_loop()
    began = loop.time()
    return OpenStreams(
        Limits(**limits),
        now=lambda: START + timedelta(seconds=loop.time() - began),
    )


@virtual_time
async def test_a_stream_ends_when_the_credentials_do_however_long_they_last() -> None:
    found = streams()
    ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
    began = asyncio.get_running_loop().time()
    week_s = 7 * 86_400.0
    with (
        found.opened(ended.set_result) as place,
        found.belonging(place, principal("ada", lasts_s=week_s)),
    ):
        assert await ended is Ending.EXPIRED

    assert asyncio.get_running_loop().time() - began == pytest.approx(week_s, abs=1)


@virtual_time
async def test_a_clock_that_is_set_ends_a_stream_within_the_hour() -> None:
    now = START
    found = OpenStreams(Limits(), now=lambda: now)
    ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
    began = asyncio.get_running_loop().time()
    with (
        found.opened(ended.set_result) as place,
        found.belonging(place, principal("ada", lasts_s=7 * 86_400.0)),
    ):
        now += timedelta(days=8)
        assert await ended is Ending.EXPIRED

    assert asyncio.get_running_loop().time() - began <= 3600.1


@virtual_time
async def test_a_stream_that_has_ended_is_not_ended_again() -> None:
    found = streams()
    ended: list[Ending] = []
    with found.opened(ended.append) as place, found.belonging(place, principal("ada", lasts_s=5)):
        pass
    await asyncio.sleep(10)
    found.end_all()

    assert ended == []
    assert len(found) == 0


async def test_credentials_that_have_ended_end_the_stream_at_once() -> None:
    found = streams()
    ended: list[Ending] = []
    with found.opened(ended.append) as place, found.belonging(place, principal("a", lasts_s=-1)):
        assert ended == [Ending.EXPIRED]


async def test_places_are_counted_by_principal_and_tenant_and_given_back() -> None:
    found = streams(max_streams_each=1)

    def hold(who: Principal) -> None:
        with found.opened(print) as place, found.belonging(place, who):
            pass

    with found.opened(print) as place, found.belonging(place, principal("ada")):
        with pytest.raises(Refused) as refused:
            hold(principal("ada"))
        hold(principal("bob"))
        hold(principal("ada", tenant="other"))
    hold(principal("ada"))

    assert found.principals == 0
    assert refused.value.why is Why.TOO_MANY_STREAMS


async def test_everybody_together_is_not_held_to_what_one_may_have() -> None:
    found = streams(max_streams_each=1)
    anonymous = Principal.anonymous()
    with (
        found.opened(print) as one,
        found.belonging(one, anonymous),
        found.opened(print) as other,
        found.belonging(other, anonymous),
    ):
        assert len(found) == 2


async def test_stopping_ends_all_and_takes_no_new_ones() -> None:
    found = streams()
    ended: list[Ending] = []
    with found.opened(ended.append), found.opened(ended.append):
        found.end_all()
    with pytest.raises(Refused) as refused, found.opened(print):
        pass

    assert ended == [Ending.RESTART, Ending.RESTART]
    assert refused.value.why is Why.SHUTTING_DOWN
