"""Every read type comes back from JSON as it went in."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gateway.cache import codec
from gateway.cache.codec import Codec
from gateway.domain.device import Device, Module
from gateway.domain.firmware import Firmware
from gateway.domain.job import OtaJob
from gateway.domain.paging import Page
from gateway.domain.scope import Percentage, ScopeTarget
from gateway.domain.task import Task
from tests.cache.domain_values import values

READ_TYPES: list[tuple[Codec[Any], object]] = [
    (codec.JOB, OtaJob),
    (codec.JOBS, Page[OtaJob]),
    (codec.TASKS, Page[Task]),
    (codec.OPEN_TASKS, tuple[Task, ...]),
    (codec.COUNT, int),
    (codec.FIRMWARE, Firmware),
    (codec.FIRMWARES, Page[Firmware]),
    (codec.DEVICE, Device),
    (codec.MODULES, tuple[Module, ...]),
    (codec.VERSIONS, tuple[str, ...]),
    (Codec(TypeAdapter(ScopeTarget)), ScopeTarget),
]


@pytest.mark.parametrize(("form", "hint"), READ_TYPES, ids=lambda value: str(value)[-30:])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_value_round_trips(form: Codec[Any], hint: object, data: st.DataObject) -> None:
    value = data.draw(values(hint))
    encoded = form.encode(value)
    assert b"\n" not in encoded
    back = form.decode(encoded)
    assert back == value
    assert type(back) is type(value)


def test_every_codec_of_the_module_is_tested() -> None:
    known = {id(form) for form, _ in READ_TYPES}
    assert {id(made) for made in vars(codec).values() if isinstance(made, Codec)} <= known


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_lacks_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Codec(TypeAdapter(ScopeTarget)).encode(Percentage(percent=number))


@pytest.mark.parametrize("value", ["\ud800", {"raw": object()}])
def test_what_has_no_json_form_is_refused(value: object) -> None:
    form: Codec[object] = Codec(TypeAdapter(object))
    with pytest.raises(ValueError, match=r"surrogates|serialize"):
        form.encode(value)


@pytest.mark.parametrize(
    "data", [b"", b"\x80\x04", b"{", b"null", b"[]", b"true", b'"1"', b"1.5", b"NaN", b"[" * 10_000]
)
def test_bytes_of_another_shape_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        codec.COUNT.decode(data)


def test_the_version_follows_the_shape() -> None:
    @dataclass(frozen=True)
    class Small:
        size: int

    @dataclass(frozen=True)
    class Grown:
        size: int
        unit: str = "B"

    Grown.__name__ = Grown.__qualname__ = "Small"
    assert Codec(TypeAdapter(Small)).version == Codec(TypeAdapter(Small)).version
    assert Codec(TypeAdapter(Small)).version != Codec(TypeAdapter(Grown)).version
    assert len({form.version for form, _ in READ_TYPES}) == len(READ_TYPES)
