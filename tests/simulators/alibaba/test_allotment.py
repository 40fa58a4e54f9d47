"""Both ways in which a batch can hold its devices."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.alibaba.allotment import Allotment, Listed, Ring


def check(allotment: Allotment, devices: list[int], everybody: int) -> None:
    assert len(allotment) == len(devices)
    assert [allotment.device_at(place) for place in range(len(allotment))] == devices
    for device in range(everybody):
        expected = devices.index(device) if device in devices else None
        assert allotment.position_of(device) == expected


@given(st.data(), st.integers(1, 30))
def test_a_run_of_devices_goes_around_the_product(data: st.DataObject, around: int) -> None:
    first = data.draw(st.integers(0, around - 1))
    size = data.draw(st.integers(0, around))
    devices = [(first + place) % around for place in range(size)]
    check(Ring(first=first, size=size, around=around), devices, around)


@given(st.lists(st.integers(0, 29), unique=True))
def test_listed_devices_keep_their_order(devices: list[int]) -> None:
    check(Listed(devices=tuple(devices)), devices, 30)
