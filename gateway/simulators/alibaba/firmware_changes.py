"""The operations that make, rename and delete packages."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.simulators.alibaba import checks, errors, timestamps
from gateway.simulators.alibaba.errors import BusinessError, InventedCodes
from gateway.simulators.alibaba.finder import Finder
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.fleet import MOST_PACKAGES, Fleet
from gateway.simulators.alibaba.handler import Handler, Payload
from gateway.simulators.alibaba.job import JobStatus
from gateway.simulators.alibaba.package_files import PackageFiles
from gateway.simulators.alibaba.parameters import Arguments
from gateway.simulators.alibaba.product import Module, Product
from gateway.simulators.alibaba.readings import Readings

_DEFAULT_MODULE = "default"
_TYPES = (0, 1)
_DIFFERENTIAL = 1
_LONGEST_NOTE = 100
_LONGEST_USER_DATA = 4_096
_SIGN_METHOD = "MD5"
_RUNNING = frozenset({JobStatus.PLANNED, JobStatus.IN_PROGRESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareChanges:
    """Answers the operations on packages; raises the vendor's business failures."""

    fleet: Fleet
    finder: Finder
    files: PackageFiles
    codes: InventedCodes
    readings: Readings

    def handlers(self) -> Mapping[str, Handler]:
        """The operations by name."""
        return {
            "CreateOTAFirmware": self.create_ota_firmware,
            "ModifyOTAFirmware": self.modify_ota_firmware,
            "DeleteOTAFirmware": self.delete_ota_firmware,
        }

    def create_ota_firmware(self, arguments: Arguments, now_s: float) -> Payload:
        """Make a package of one uploaded file, or of several."""
        texts = arguments.texts
        name, version = texts["FirmwareName"], texts["DestVersion"]
        self._check_name(name)
        checks.check_shape("DestVersion", version, checks.VERSION)
        product = self.finder.product(arguments)
        module = self.finder.module(product, texts.get("ModuleName", _DEFAULT_MODULE))
        if texts.get("SignMethod", _SIGN_METHOD) != _SIGN_METHOD:
            detail = "SignMethod must be MD5."
            raise errors.illegal_request(detail)
        checks.check_length("FirmwareDesc", texts.get("FirmwareDesc"), _LONGEST_NOTE)
        checks.check_length("Udi", texts.get("Udi"), _LONGEST_USER_DATA)
        source_version = _source_version(arguments, version)
        files = self.files.read(arguments, now_s)
        if len(self.fleet.firmwares) >= MOST_PACKAGES:
            message = f"There are {MOST_PACKAGES} firmwares already."
            raise BusinessError(self.codes.firmware_count_exceeded, message)
        number, chance = self.fleet.next_draw()
        firmware = Firmware(
            id=f"{chance.token()}030{1 + number % 2}00",
            name=name,
            product=product,
            module=module,
            version=version,
            earlier_versions=self._earlier_versions(product, module),
            source_version=source_version,
            note=texts.get("FirmwareDesc"),
            user_data=texts.get("Udi"),
            files=files,
            needs_verification=arguments.booleans.get("NeedToVerify", True),
            verification=None,
            created_s=now_s,
            blank_style=number,
        )
        self.fleet.add_firmware(firmware, chance.random())
        return {"Data": {"FirmwareId": firmware.id, "UtcCreate": timestamps.utc(now_s)}}

    def modify_ota_firmware(self, arguments: Arguments, now_s: float) -> Payload:
        """Change a package's name, description or data for devices; what is not given stays."""
        firmware = self.finder.firmware_of_product(arguments)
        texts = arguments.texts
        name = texts.get("FirmwareName", firmware.name)
        if name != firmware.name:
            self._check_name(name)
        checks.check_length("FirmwareDesc", texts.get("FirmwareDesc"), _LONGEST_NOTE)
        checks.check_length("FirmwareUdi", texts.get("FirmwareUdi"), _LONGEST_USER_DATA)
        changed = replace(
            firmware,
            name=name,
            note=texts.get("FirmwareDesc", firmware.note),
            user_data=texts.get("FirmwareUdi", firmware.user_data),
            changed_s=now_s,
        )
        self.fleet.replace_firmware(changed)
        return {}

    def delete_ota_firmware(self, arguments: Arguments, now_s: float) -> Payload:
        """Delete a package, unless it has batches that run or will."""
        firmware = self.finder.firmware(arguments)
        busy = any(
            job.status_at(now_s) in _RUNNING for job in self.fleet.jobs_of_firmware(firmware)
        )
        if busy and not self.readings.delete_with_running_jobs:
            message = "The firmware has jobs that have not ended."
            raise BusinessError(self.codes.firmware_in_use, message)
        self.fleet.remove_firmware(firmware)
        return {}

    def _check_name(self, name: str) -> None:
        checks.check_shape("FirmwareName", name, checks.PACKAGE_NAME)
        if any(firmware.name == name for firmware in self.fleet.firmwares):
            message = "There is a firmware of this name already."
            raise BusinessError(self.codes.firmware_name_exists, message)

    def _earlier_versions(self, product: Product, module: Module) -> tuple[str, ...]:
        """The versions that the module's packages had so far, oldest first."""
        packages = sorted(
            (firmware.created_s, firmware.version)
            for firmware in self.fleet.firmwares
            if (firmware.product.key, firmware.module.name) == (product.key, module.name)
        )
        versions = (module.first_version, *(version for _, version in packages))
        return tuple(dict.fromkeys(versions))


def _source_version(arguments: Arguments, version: str) -> str | None:
    """The one version that a differential package builds upon, None for a full one."""
    type_ = checks.number(arguments, "Type", _TYPES, 0)
    source = arguments.texts.get("SrcVersion")
    if (type_ == _DIFFERENTIAL) != (source is not None):
        detail = "SrcVersion must be given for a differential package, and for no other."
        raise errors.illegal_request(detail)
    if source is not None:
        checks.check_shape("SrcVersion", source, checks.VERSION)
    if source == version:
        detail = "SrcVersion and DestVersion must differ."
        raise errors.illegal_request(detail)
    return source
