"""GlobalID: every object has one id, every id one object, and anything else is refused by name."""

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidRequestError
from gateway.domain.ids import GlobalId, NodeKind

PARTS = {
    NodeKind.BACKEND: 0,
    NodeKind.OTA_JOB: 1,
    NodeKind.TASK: 4,
    NodeKind.FIRMWARE: 1,
    NodeKind.DEVICE: 2,
    NodeKind.OPERATION: 1,
}
TEXTS = st.text(max_size=60)  # surrogates left out, as hypothesis does by itself
IDS = st.sampled_from(NodeKind).flatmap(
    lambda kind: st.builds(
        GlobalId,
        kind=st.just(kind),
        backend=TEXTS,
        key=st.tuples(*[TEXTS] * PARTS[kind]),
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.sampled_from(NodeKind),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXTS, inner, max_size=6),
    max_leaves=8,
)


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@given(IDS)
def test_every_id_reads_back_as_the_object_it_names(identity: GlobalId) -> None:
    text = str(identity)
    assert GlobalId.parse(text) == identity
    assert text.isascii()
    assert not set(text) & set("+/= \n")


@given(IDS, IDS)
def test_two_objects_never_share_an_id(one: GlobalId, other: GlobalId) -> None:
    assert (str(one) == str(other)) == (one == other)


@given(IDS, st.data())
def test_a_changed_id_is_refused_or_names_another_object(
    identity: GlobalId, data: st.DataObject
) -> None:
    text = str(identity)
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.sampled_from("AQgwZ-_+/=. é")) + text[place + 1 :]
    try:
        found = GlobalId.parse(changed)
    except InvalidRequestError:
        return
    assert str(found) == changed
    assert (found == identity) == (changed == text)


@given(IDS, st.integers(min_value=1, max_value=10))
def test_a_truncated_or_extended_id_is_refused(identity: GlobalId, by: int) -> None:
    text = str(identity)
    for other in (text[:-by], text + "=" * by, text + "A" * by, " " + text, text + "\n"):
        with pytest.raises(InvalidRequestError):
            GlobalId.parse(other)


@given(st.text(st.characters()) | st.binary(max_size=200).map(encoded))
@example("")
@example("=")
@example("é" * 50)
@example("\ud800")
@example("A" * 1_000_000)
@example(encoded(b"[" * 1_500))
@example(encoded(b"9" * 1_500))
def test_garbage_is_refused_and_never_crashes(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        GlobalId.parse(text)
    assert caught.value.path == ("id",)


@given(JSON)
@example(["OtaJob", "b", "k", "k"])
@example(["OtaJob", "b", 1])
@example(["OtaJob", "b", ["k"]])
@example(["OtaJob", ["b"], "k"])
@example([["OtaJob"], "b", "k"])
@example(["Planet", "b", "k"])
@example({"OtaJob": 0, "b": 0, "k": 0})
@example("OtaJob")
@example([])
@example(["OtaJob"])
@example(float("nan"))
def test_other_json_than_an_id_is_refused(value: object) -> None:
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        found = GlobalId.parse(encoded(raw))
    except InvalidRequestError:
        return
    assert [found.kind, found.backend, *found.key] == value


@pytest.mark.parametrize(
    "raw",
    [
        b'[ "OtaJob","b","k"]',
        b'["OtaJob","b","\\u006b"]',
        '["OtaJob","b","k"]'.encode("utf-16"),
        b'\xef\xbb\xbf["OtaJob","b","k"]',
        b'["OtaJob","b","\\ud800"]',
        b'["OtaJob","\\udfff","k"]',
    ],
)
def test_another_spelling_of_an_id_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        GlobalId.parse(encoded(raw))
