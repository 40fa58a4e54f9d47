"""The two actions that change firmware.

Source: EnOS Connection API V2.1, Create Firmware and Delete Firmware.
"""

from typing import Final

from gateway.simulators.enos.chance import hex_digits, seeded
from gateway.simulators.enos.errors import (
    BusinessCode,
    bad_parameter,
    firmware_not_found,
    refused,
)
from gateway.simulators.enos.firmware_drafts import FirmwareDraft, read_firmware
from gateway.simulators.enos.fleet import Fleet
from gateway.simulators.enos.operation import Answer, Call, Operation
from gateway.simulators.enos.progress import TaskStatus
from gateway.simulators.enos.records import Firmware
from gateway.simulators.enos.rules import WriteRules

_OPEN: Final = frozenset({TaskStatus.INIT, TaskStatus.PUBLISHED, TaskStatus.UPGRADING})


class FirmwareWrites:
    """The writes of `ota-firmwares` over a fleet."""

    def __init__(self, *, fleet: Fleet, rules: WriteRules, seed: int) -> None:
        """Make ids that follow from `seed`; what is not documented goes by `rules`."""
        self._fleet = fleet
        self._rules = rules
        self._chance = seeded(seed, "uploads")

    def table(self) -> dict[tuple[str, str], Operation]:
        """The operations by resource and action."""
        return {
            ("ota-firmwares", "create"): Operation(
                method="POST",
                parameters=frozenset(),
                optional_parameters=frozenset({"productKey"}),
                body_fields=None,
                handle=self._create,
                uploads=True,
                writes=True,
            ),
            ("ota-firmwares", "delete"): Operation(
                method="POST",
                parameters=frozenset({"firmwareId"}),
                body_fields=frozenset(),
                handle=self._delete,
                writes=True,
            ),
        }

    def _create(self, call: Call) -> Answer:
        if call.file is None:
            raise bad_parameter(name="file", problem="file is missing")
        product_key = call.query.get("productKey")
        product = None if product_key is None else self._fleet.states.product(product_key)
        if product_key is not None and product is None:
            raise bad_parameter(name="productKey", problem="  productKey does not exist")
        draft = read_firmware(call.body, call.file, self._rules)
        self._check_unique(draft, product_key)
        now_s = self._fleet.now_s()
        firmware = Firmware(
            firmware_id=f"{int(now_s):08x}{hex_digits(self._chance, 16)}",
            owner=product,
            is_independent=product is None,
            name=draft.name,
            version=draft.version,
            desc=draft.desc,
            sign_method=draft.sign_method,
            sign=draft.sign,
            file_url=f"enos-connect://{hex_digits(self._chance, 16)}{draft.suffix}",
            file_size=draft.size_bytes,
            enable_verification=draft.enable_verification,
            is_verified=False,
            created_s=now_s,
            tags=draft.tags,
            max_allowed_for_verification=draft.max_allowed_for_verification,
            min_success_for_verified=draft.min_success_for_verified,
        )
        self._fleet.add_firmware(firmware)
        return Answer(data={"firmwareId": firmware.firmware_id})

    def _check_unique(self, draft: FirmwareDraft, product_key: str | None) -> None:
        """Version and name are unique within the product, or among those without a product."""
        siblings = [
            firmware
            for firmware in self._fleet.firmwares(at_s=self._fleet.now_s())
            if firmware.product_key == product_key
        ]
        if any(firmware.version == draft.version for firmware in siblings):
            raise refused(BusinessCode.VERSION_EXISTS)
        if any(firmware.name.default == draft.name.default for firmware in siblings):
            raise refused(BusinessCode.NAME_EXISTS)

    def _delete(self, call: Call) -> Answer:
        now_s = self._fleet.now_s()
        firmware = self._fleet.firmware(call.query["firmwareId"], at_s=now_s)
        if firmware is None:
            raise firmware_not_found()
        if self._is_used(firmware, now_s):
            raise refused(BusinessCode.FIRMWARE_IN_USE)
        self._fleet.delete_firmware(firmware.firmware_id)
        return Answer(data=None)

    def _is_used(self, firmware: Firmware, now_s: float) -> bool:
        """Whether devices wait for it or are at work on it, or any job is left, by the rules."""
        for job in self._fleet.jobs_of_firmware(firmware.firmware_id):
            is_left = self._fleet.job(job.job_id, at_s=now_s) is not None
            if is_left and self._rules.firmware_use == "any job":
                return True
            # Nothing is pushed for a deleted job, while devices at work still load the file.
            counting = _OPEN if is_left else _OPEN - {TaskStatus.INIT}
            views = self._fleet.tasks_of_job(job.job_id, at_s=now_s)
            if any(view.state.status in counting for view in views):
                return True
        return False
