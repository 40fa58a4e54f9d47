"""Every mutation, prepared for one tenant of two."""

from dataclasses import dataclass, field
from typing import Any, Final

from tests.exactly_once.alibaba_cases import ALIBABA
from tests.exactly_once.case import Entry
from tests.exactly_once.enos_cases import ENOS
from tests.exactly_once.stage import Stage

CASES: Final[dict[str, Entry]] = {
    name: table[name]
    for table, names in (
        (
            ENOS,
            (
                *("job_for_listed_devices", "enos_verification", "stop", "start", "delete_job"),
                *("cancel_tasks", "retry_tasks", "enos_firmware", "delete_enos_firmware"),
            ),
        ),
        (
            ALIBABA,
            (
                *("static_job_for_listed_devices_with_everything", "alibaba_verification"),
                *("update_job", "cancel_static_job", "cancel_tasks_of_devices", "rerun_tasks"),
                *("confirm_tasks", "firmware_of_one_file", "update_firmware"),
                *("delete_alibaba_firmware", "create_module", "update_module", "delete_module"),
            ),
        ),
    )
    for name in names
}
"""Writes of both clouds that are all sixteen mutations between them."""


@dataclass(frozen=True, kw_only=True)
class TenantStage(Stage):
    """A stage whose backends are those of `tenant`; all cases are played on it in turn.

    `number` holds that of the case, which goes into the names of what it makes.
    """

    tenant: str
    number: list[int] = field(default_factory=lambda: [0])

    def firmware(self, backend: str, native_id: str) -> str:
        """The global id of a package."""
        return super().firmware(f"{self.tenant}_{backend}", native_id)

    async def write(
        self, name: str, given: dict[str, Any], more: str = "", *, key: str | None = None
    ) -> dict[str, Any]:
        """The payload of a mutation; its key bears the name of the tenant."""
        asked = dict(given)
        if "backend" in asked:
            asked["backend"] = f"{self.tenant}_{asked['backend']}"
        if name == "createFirmware":
            asked |= {"version": f"9.0.{self.number[0]}", "name": {"default": f"p{self.number[0]}"}}
        if name.endswith("Module"):
            asked["name"] = f"camera-{self.number[0]}"
        own = key or f"{self.tenant}-{self.number[0]}-{next(self.keys)}"
        return await super().write(name, asked, more, key=own)
