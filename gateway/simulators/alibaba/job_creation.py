"""The operations that make batches: verifications, static and dynamic rollouts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.simulators.alibaba import timestamps
from gateway.simulators.alibaba.allotment import Listed
from gateway.simulators.alibaba.dispatch import Dispatcher
from gateway.simulators.alibaba.draw import Draw
from gateway.simulators.alibaba.dynamic import DynamicPolicy
from gateway.simulators.alibaba.errors import BusinessError, InventedCodes
from gateway.simulators.alibaba.finder import Finder
from gateway.simulators.alibaba.firmware import Firmware, FirmwareStatus
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.handler import Handler, Payload
from gateway.simulators.alibaba.job import (
    Job,
    JobType,
    Scope,
    Selection,
    Settings,
    Target,
    Timing,
)
from gateway.simulators.alibaba.parameters import Arguments
from gateway.simulators.alibaba.schedule import read_schedule
from gateway.simulators.alibaba.settings import rollout_settings, trial_settings
from gateway.simulators.alibaba.settlement import retimed, settle
from gateway.simulators.alibaba.targets import StaticTargets, named, sample
from gateway.simulators.alibaba.task import Course

_MOST_TRIAL_DEVICES = 10
_TRIABLE = frozenset({FirmwareStatus.UNVERIFIED, FirmwareStatus.FAILED})
_USABLE = frozenset({FirmwareStatus.VERIFIED, FirmwareStatus.NOT_NEEDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCreation:
    """Answers the three create operations; raises the vendor's business failures."""

    fleet: Fleet
    finder: Finder
    dispatcher: Dispatcher
    static_targets: StaticTargets
    dynamic_policy: DynamicPolicy
    codes: InventedCodes
    region: str

    def handlers(self) -> Mapping[str, Handler]:
        """The operations by name."""
        return {
            "CreateOTAVerifyJob": self.create_ota_verify_job,
            "CreateOTAStaticUpgradeJob": self.create_ota_static_upgrade_job,
            "CreateOTADynamicUpgradeJob": self.create_ota_dynamic_upgrade_job,
        }

    def create_ota_verify_job(self, arguments: Arguments, now_s: float) -> Payload:
        """Try a package on at most ten devices; whether it passes shows in the package."""
        firmware = self._firmware(arguments, _TRIABLE, now_s)
        names = arguments.lists["TargetDeviceName"]
        devices = named(self.finder, firmware.product, names, most=_MOST_TRIAL_DEVICES)
        job, chance = self._draft(
            JobType.VERIFY,
            firmware,
            Scope(selection=Selection.STATIC, target=Target.SPECIFIC),
            trial_settings(arguments, firmware, self.region),
            Timing(created_s=now_s, push_span_s=0, ended_s=None),
        )
        return self._begin_static(job, devices, chance, now_s)

    def create_ota_static_upgrade_job(self, arguments: Arguments, now_s: float) -> Payload:
        """Roll a package out to devices settled now, at once or at a time of choice."""
        firmware = self._firmware(arguments, _USABLE, now_s)
        settings = rollout_settings(arguments, firmware, self.region)
        timing = read_schedule(arguments, now_s)
        candidates = self.static_targets.read(arguments, firmware, now_s)
        job, chance = self._draft(JobType.UPGRADE, firmware, candidates.scope, settings, timing)
        return self._begin_static(job, candidates.devices, chance, now_s)

    def create_ota_dynamic_upgrade_job(self, arguments: Arguments, now_s: float) -> Payload:
        """Roll a package out to whatever device matches, now or later."""
        firmware = self._firmware(arguments, _USABLE, now_s)
        settings = rollout_settings(arguments, firmware, self.region)
        scope, candidates = self.dynamic_policy.read(arguments, firmware, settings, now_s)
        timing = Timing(created_s=now_s, push_span_s=0, ended_s=None)
        job, chance = self._draft(JobType.UPGRADE, firmware, scope, settings, timing)
        standings = self.dispatcher.standings(job, candidates, now_s)
        present = self.dynamic_policy.present(job, standings)
        joiners = self.dynamic_policy.joiners(standings, present, chance)
        courses = self.dispatcher.begin(
            job, [standings[device] for device in present], chance, now_s
        )
        joins = self.dynamic_policy.joins(
            job, [standings[device] for device in joiners], chance, now_s
        )
        job = replace(job, devices=Listed(devices=(*present, *joiners)), joiners=len(joiners))
        return self._add(job, (*courses, *joins))

    def _firmware(
        self, arguments: Arguments, allowed: frozenset[FirmwareStatus], now_s: float
    ) -> Firmware:
        firmware = self.finder.firmware_of_product(arguments)
        if firmware.status_at(now_s) not in allowed:
            message = "The verification status of the firmware does not allow this operation."
            raise BusinessError(self.codes.firmware_state, message)
        return firmware

    def _draft(
        self, type_: JobType, firmware: Firmware, scope: Scope, settings: Settings, timing: Timing
    ) -> tuple[Job, Draw]:
        """A batch without devices, and the stream from which its tasks are drawn."""
        number, chance = self.fleet.next_draw()
        job = Job(
            id=f"{chance.token()}020{1 + number % 2}00",
            task_token=chance.token(),
            type=type_,
            firmware=firmware,
            note=None,
            scope=scope,
            settings=settings,
            timing=timing,
            devices=Listed(devices=()),
            joiners=0,
            lingering=0.0,
            failing=0.0,
            blank_style=number,
            list_order=chance.random(),
        )
        return job, chance

    def _begin_static(
        self, job: Job, candidates: Sequence[int], chance: Draw, now_s: float
    ) -> Payload:
        """The batch's tasks: for devices of the right version, and not of the target already."""
        standings = self.dispatcher.standings(job, candidates, now_s)
        wanted = job.scope.source_versions
        fitting = [
            device
            for device, standing in standings.items()
            if standing.version != job.firmware.version
            and (not wanted or standing.version in wanted)
        ]
        devices = tuple(sample(job.scope, fitting, chance))
        courses = self.dispatcher.begin(
            job, [standings[device] for device in devices], chance, now_s
        )
        job = replace(job, devices=Listed(devices=devices))
        return self._add(retimed(job, courses, now_s), courses)

    def _add(self, job: Job, courses: Sequence[Course]) -> Payload:
        self.fleet.add_job(job, courses)
        settle(self.fleet, job)
        return {"Data": {"JobId": job.id, "UtcCreate": timestamps.utc(job.timing.created_s)}}
