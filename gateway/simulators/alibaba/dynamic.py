"""Which devices a dynamic batch takes in, at once and later on.

Which device reports which version some day is nobody's to know; here, a fifth as many as match
at once come to match in the following day, and at least three.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.simulators.alibaba import checks, errors
from gateway.simulators.alibaba.draw import Draw
from gateway.simulators.alibaba.errors import BusinessError, InventedCodes
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.job import Job, JobStatus, Scope, Selection, Settings, Target
from gateway.simulators.alibaba.parameters import Arguments
from gateway.simulators.alibaba.readings import Habits
from gateway.simulators.alibaba.rollout import DAY_S
from gateway.simulators.alibaba.settings import source_versions
from gateway.simulators.alibaba.survey import Standing
from gateway.simulators.alibaba.targets import grouped
from gateway.simulators.alibaba.task import Course
from gateway.simulators.alibaba.updates import awaiting_confirmation, carried_out

_DYNAMIC_GROUP = "LINK_PLATFORM_DYNAMIC"
_GROUP_REGION = "cn-shanghai"
_MODES = (1, 2)
_FUTURE_ONLY = 2
_JOINERS_SHARE = 0.2
_FEWEST_JOINERS = 3
_SOONEST_JOIN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicPolicy:
    """Reads the scope of dynamic batches, and chooses their devices."""

    fleet: Fleet
    habits: Habits
    codes: InventedCodes
    region: str

    def read(
        self, arguments: Arguments, firmware: Firmware, settings: Settings, now_s: float
    ) -> tuple[Scope, Collection[int]]:
        """The scope, by versions or by a group, and the devices it can ever be about."""
        mode = checks.number(arguments, "DynamicMode", _MODES, 1)
        by_group = bool({"GroupId", "GroupType"} & arguments.texts.keys())
        if by_group == ("SrcVersion" in arguments.lists):
            detail = "either SrcVersion, or GroupId and GroupType, must be given."
            raise errors.illegal_request(detail)
        self._check_single(firmware, now_s)
        group = None
        devices = range(firmware.product.devices)
        if by_group:
            if self.region != _GROUP_REGION:
                detail = f"dynamic groups exist in {_GROUP_REGION} only."
                raise errors.illegal_request(detail)
            group, devices = grouped(
                arguments,
                firmware.product,
                _DYNAMIC_GROUP,
                seed=self.fleet.seed,
                codes=self.codes,
            )
            self._check_like(group.id, settings, now_s)
        scope = Scope(
            selection=Selection.DYNAMIC,
            target=Target.ALL,
            dynamic_mode=mode,
            group=group,
            source_versions=source_versions(arguments, "SrcVersion", firmware),
        )
        return scope, devices

    def present(self, job: Job, standings: Mapping[int, Standing]) -> Sequence[int]:
        """The devices that match at once; none if the batch is for later matches only."""
        if job.scope.dynamic_mode == _FUTURE_ONLY:
            return ()
        return [
            device
            for device, standing in standings.items()
            if standing.version != job.firmware.version
            and (job.scope.group is not None or standing.version in job.scope.source_versions)
        ]

    def joiners(
        self,
        standings: Mapping[int, Standing],
        present: Collection[int],
        chance: Draw,
    ) -> Sequence[int]:
        """Devices that come to match later: any that are neither here, nor due elsewhere."""
        there = set(present)
        free = [
            device
            for device, standing in standings.items()
            if device not in there and not standing.open_tasks and not standing.joins
        ]
        wanted = max(_FEWEST_JOINERS, int(len(present) * _JOINERS_SHARE))
        return chance.sample(free, k=min(wanted, len(free)))

    def joins(
        self, job: Job, standings: Sequence[Standing], chance: Draw, now_s: float
    ) -> Iterator[Course]:
        """The courses of those devices, each created at the moment of its match."""
        for place, standing in enumerate(standings):
            share = (place + chance.random()) / len(standings)
            matched_s = now_s + _SOONEST_JOIN_S + DAY_S * share**2
            sources = job.scope.source_versions or (standing.version,)
            waiting = awaiting_confirmation(
                created_s=matched_s, ordered_s=matched_s, version=chance.choice(sources)
            )
            if job.settings.need_confirm:
                yield waiting
                continue
            yield carried_out(
                waiting,
                job,
                chance,
                self.habits,
                confirmed_s=matched_s,
                pushed_s=matched_s + 2 + 30 * chance.random(),
            )

    def _check_single(self, firmware: Firmware, now_s: float) -> None:
        """A package has at most one dynamic batch that runs."""
        for job in self.fleet.jobs_of_firmware(firmware):
            if _runs_dynamic(job, now_s):
                message = "The firmware has a dynamic upgrade job in progress."
                raise BusinessError(self.codes.dynamic_job_exists, message)

    def _check_like(self, group_id: str, settings: Settings, now_s: float) -> None:
        """All dynamic batches of a group agree in two of their settings."""
        for job in self.fleet.jobs:
            group = job.scope.group
            if group is None or group.id != group_id or not _runs_dynamic(job, now_s):
                continue
            others = (job.settings.multi_module, job.settings.overwrite_mode)
            if others != (settings.multi_module, settings.overwrite_mode):
                detail = (
                    "MultiModuleMode and OverwriteMode must be those of the group's other "
                    "dynamic batches."
                )
                raise errors.illegal_request(detail)


def _runs_dynamic(job: Job, now_s: float) -> bool:
    dynamic = job.scope.selection is Selection.DYNAMIC
    return dynamic and job.status_at(now_s) is JobStatus.IN_PROGRESS
