"""Puts the handlers of all write operations together."""

from collections.abc import Mapping

from gateway.simulators.alibaba.dispatch import Dispatcher
from gateway.simulators.alibaba.dynamic import DynamicPolicy
from gateway.simulators.alibaba.errors import InventedCodes
from gateway.simulators.alibaba.finder import Finder
from gateway.simulators.alibaba.firmware_changes import FirmwareChanges
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.handler import Handler
from gateway.simulators.alibaba.job_changes import JobChanges
from gateway.simulators.alibaba.job_creation import JobCreation
from gateway.simulators.alibaba.module_changes import ModuleChanges
from gateway.simulators.alibaba.object_store import ObjectStore
from gateway.simulators.alibaba.package_files import PackageFiles
from gateway.simulators.alibaba.readings import Habits, Readings
from gateway.simulators.alibaba.targets import StaticTargets
from gateway.simulators.alibaba.task_changes import TaskChanges
from gateway.simulators.alibaba.upload_grants import UploadGrants


def write_handlers(
    *,
    fleet: Fleet,
    finder: Finder,
    store: ObjectStore,
    codes: InventedCodes,
    readings: Readings,
    habits: Habits,
    region: str,
) -> Mapping[str, Handler]:
    """The write operations by name, all of them on one fleet."""
    dispatcher = Dispatcher(fleet=fleet, readings=readings, habits=habits)
    creation = JobCreation(
        fleet=fleet,
        finder=finder,
        dispatcher=dispatcher,
        static_targets=StaticTargets(
            finder=finder,
            store=store,
            codes=codes,
            seed=fleet.seed,
            most_listed=readings.most_listed_devices,
        ),
        dynamic_policy=DynamicPolicy(fleet=fleet, habits=habits, codes=codes, region=region),
        codes=codes,
        region=region,
    )
    packages = FirmwareChanges(
        fleet=fleet,
        finder=finder,
        files=PackageFiles(store=store, codes=codes, require_upload=readings.require_upload),
        codes=codes,
        readings=readings,
    )
    return {
        **UploadGrants(store=store).handlers(),
        **packages.handlers(),
        **ModuleChanges(fleet=fleet, finder=finder, codes=codes).handlers(),
        **creation.handlers(),
        **JobChanges(fleet=fleet, finder=finder, codes=codes, readings=readings).handlers(),
        **TaskChanges(
            fleet=fleet, finder=finder, dispatcher=dispatcher, codes=codes, readings=readings
        ).handlers(),
    }
