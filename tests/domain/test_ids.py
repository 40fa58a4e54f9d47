import pytest

from gateway.domain.errors import InvalidRequestError
from gateway.domain.ids import GlobalId, NodeKind


def test_the_spelling_of_an_id_never_changes() -> None:
    """Clients keep ids; another spelling would make strangers of them."""
    task = GlobalId(kind=NodeKind.TASK, backend="enos_eu", key=("j1", "", "pump é", "t1"))
    assert str(task) == "WyJUYXNrIiwiZW5vc19ldSIsImoxIiwiIiwicHVtcCDDqSIsInQxIl0"
    assert GlobalId.parse(str(task)) == task


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (NodeKind.BACKEND, 0),
        (NodeKind.OTA_JOB, 1),
        (NodeKind.TASK, 4),
        (NodeKind.FIRMWARE, 1),
        (NodeKind.DEVICE, 2),
    ],
)
def test_a_key_has_as_many_parts_as_its_kind_asks(kind: NodeKind, parts: int) -> None:
    assert GlobalId(kind=kind, backend="b", key=("k",) * parts).kind is kind
    for wrong in {0, 1, 2, 3, 4, 5} - {parts}:
        with pytest.raises(ValueError, match=f"{parts} key parts"):
            GlobalId(kind=kind, backend="b", key=("k",) * wrong)


def test_half_a_surrogate_pair_names_nothing() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        GlobalId(kind=NodeKind.OTA_JOB, backend="b", key=("\ud800",))
    with pytest.raises(ValueError, match="surrogates"):
        GlobalId(kind=NodeKind.OTA_JOB, backend="\udfff", key=("k",))


def test_an_id_of_another_kind_is_refused_by_name() -> None:
    job = GlobalId(kind=NodeKind.OTA_JOB, backend="b", key=("j",))
    assert job.expect(NodeKind.OTA_JOB) is job
    with pytest.raises(InvalidRequestError) as caught:
        job.expect(NodeKind.FIRMWARE)
    assert caught.value.message == (
        "this is the id of a OtaJob, where the id of a Firmware is needed"
    )
    assert caught.value.path == ("id",)


def test_an_id_is_refused_above_its_greatest_length_only() -> None:
    fits = GlobalId(kind=NodeKind.OTA_JOB, backend="b", key=("k" * (1536 - 17),))
    assert len(str(fits)) == 2048
    assert GlobalId.parse(str(fits)) == fits
    with pytest.raises(InvalidRequestError):
        GlobalId.parse(str(GlobalId(kind=NodeKind.OTA_JOB, backend="b", key=("k" * 1520,))))
