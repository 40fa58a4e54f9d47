"""Parameters as flat text."""

import pytest

from gateway.domain.errors import InvalidRequestError
from gateway.providers.alibaba.operations import RATES, method_of
from gateway.providers.alibaba.parameters import flatten


def test_lists_are_numbered_from_one() -> None:
    assert flatten({"DeviceNames": ("a", "b"), "JobId": "j"}) == {
        "DeviceNames.1": "a",
        "DeviceNames.2": "b",
        "JobId": "j",
    }


def test_values_are_text() -> None:
    assert flatten({"NeedPush": True, "NeedConfirm": False, "PageSize": 100, "None": None}) == {
        "NeedPush": "true",
        "NeedConfirm": "false",
        "PageSize": "100",
    }


@pytest.mark.parametrize("value", ["half \ud83d", ("fine", "\udc00")])
def test_half_characters_are_refused(value: str | tuple[str, ...]) -> None:
    with pytest.raises(InvalidRequestError):
        flatten({"DeviceName": value})


def test_only_the_module_list_of_a_product_needs_get() -> None:
    assert {operation for operation in RATES if method_of(operation) == "GET"} == {
        "ListOTAModuleByProduct"
    }


def test_rates_are_the_documented_ones() -> None:
    assert len(RATES) == 25
    assert {operation for operation, rate in RATES.items() if rate == 5} == {
        "ModifyOTAFirmware",
        "CancelOTATaskByJob",
    }
    assert {operation for operation, rate in RATES.items() if rate == 20} == {
        "QueryOTAFirmware",
        "CreateOTAStaticUpgradeJob",
        "CreateOTADynamicUpgradeJob",
        "ConfirmOTATask",
        "ReupgradeOTATask",
    }
    assert set(RATES.values()) == {5, 10, 20}
