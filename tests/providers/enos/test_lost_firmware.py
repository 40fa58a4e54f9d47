"""Looking for firmware writes whose outcome is unknown."""

from datetime import UTC, datetime

import pytest

from gateway.domain.draft import FileDraft, FirmwareDraft, ModuleDraft
from gateway.domain.text import LocalizedText
from gateway.domain.write import (
    CreateFirmware,
    CreateModule,
    DeleteFirmware,
    Finding,
    PlannedCall,
    Verdict,
    Write,
)
from gateway.providers.enos.writer import EnosWriter

from .conftest import NOW_MS, FakeEnos, firmware, ok, paged, refused

SEARCH = "ota-firmwares.search"
GET = "ota-firmwares.get"
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
DONE, NOT_DONE, UNCLEAR = Verdict.DONE, Verdict.NOT_DONE, Verdict.UNCLEAR


def package(number: int, **changes: object) -> dict[str, object]:
    """A FirmwareInfo, created `number` seconds before now."""
    return {
        "firmwareId": f"f{number}",
        "productKey": "pk",
        "name": {"defaultValue": "fw", "i18nValue": {}},
        "version": "2.0",
        "createTime": NOW_MS - number * 1000,
    } | changes


async def find(writer: EnosWriter, write: Write) -> Finding:
    call = PlannedCall(operation="", parameters={})
    return await writer.find(write, call, marker="0123abcd", sent_at=NOW)


def upload(name: str = "fw") -> CreateFirmware:
    return CreateFirmware(
        draft=FirmwareDraft(
            name=LocalizedText(default=name),
            version="2.0",
            files=(FileDraft(name="fw.bin", content=b""),),
            product_key="pk",
        )
    )


@pytest.mark.parametrize(
    ("found", "finding"),
    [
        ([], Finding(verdict=NOT_DONE)),
        ([package(1)], Finding(verdict=DONE, native_id="f1")),
        ([package(1, productKey=None)], Finding(verdict=DONE, native_id="f1")),
        ([package(1, productKey="other")], Finding(verdict=NOT_DONE)),
        ([package(1, version="2.1"), package(2)], Finding(verdict=DONE, native_id="f2")),
        ([package(1, name={"defaultValue": "fw2"})], Finding(verdict=NOT_DONE)),
        ([package(1, name=None)], Finding(verdict=NOT_DONE)),
        ([package(61)], Finding(verdict=NOT_DONE)),  # there before, so ours was refused
        ([package(1), package(2)], Finding(verdict=UNCLEAR)),
        ([{"version": "2.0"}], Finding(verdict=UNCLEAR)),
    ],
)
async def test_a_package_is_found_by_name_and_version(
    enos: FakeEnos, writer: EnosWriter, found: list[dict[str, object]], finding: Finding
) -> None:
    enos.answer(SEARCH, paged(found))
    assert await find(writer, upload()) == finding
    assert enos.of(SEARCH)[0].body["expression"] == "name like 'fw'"


async def test_a_name_that_no_search_can_hold_is_looked_for_among_all(
    enos: FakeEnos, writer: EnosWriter
) -> None:
    enos.answer(SEARCH, paged([package(1, name={"defaultValue": "f'w"})]))
    assert await find(writer, upload("f'w")) == Finding(verdict=DONE, native_id="f1")
    assert "expression" not in enos.of(SEARCH)[0].body


async def test_a_package_that_is_gone_was_deleted(enos: FakeEnos, writer: EnosWriter) -> None:
    enos.answer(GET, refused(24404))
    assert await find(writer, DeleteFirmware(firmware=firmware())) == Finding(verdict=DONE)
    enos.answer(GET, ok(package(1)))
    assert await find(writer, DeleteFirmware(firmware=firmware())) == Finding(verdict=NOT_DONE)


async def test_a_write_that_enos_lacks_cannot_be_looked_for(
    enos: FakeEnos, writer: EnosWriter
) -> None:
    write = CreateModule(draft=ModuleDraft(product_key="pk", name="m"))
    assert await find(writer, write) == Finding(verdict=UNCLEAR)
    assert enos.business == []
