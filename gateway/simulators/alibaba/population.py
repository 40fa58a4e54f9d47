"""Makes the account as it is when the simulator starts."""

from dataclasses import dataclass

from gateway.simulators.alibaba import batches, packages, sizing
from gateway.simulators.alibaba.drafts import draft_jobs
from gateway.simulators.alibaba.draw import draw
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.job import Job
from gateway.simulators.alibaba.product import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Products, packages and batches, each in the order in which they are listed."""

    products: tuple[Product, ...]
    firmwares: tuple[Firmware, ...]
    jobs: tuple[Job, ...]


def populate(
    *, seed: int, origin_s: float, package_count: int, job_count: int, tasks: int
) -> Population:
    """The account of this seed at `origin_s` epoch seconds."""
    drafts = draft_jobs(seed=seed, origin_s=origin_s, packages=package_count, jobs=job_count)
    targets = sizing.choose_targets(seed=seed, drafts=drafts)
    sizes = sizing.choose_sizes(seed=seed, drafts=drafts, targets=targets, tasks=tasks)
    firsts, devices = sizing.allot_devices(
        seed=seed,
        drafts=drafts,
        sizes=sizes,
        products={
            number: packages.package_product(number, package_count)
            for number in range(package_count)
        },
    )
    products = packages.make_products(seed=seed, origin_s=origin_s, devices=devices)
    firmwares = packages.make_packages(
        seed=seed, origin_s=origin_s, packages=package_count, products=products
    )
    jobs = batches.make_jobs(
        seed=seed,
        origin_s=origin_s,
        drafts=drafts,
        targets=targets,
        sizes=sizes,
        firsts=firsts,
        firmwares=firmwares,
    )
    listed = list(firmwares)
    draw(seed, "listing").shuffle(listed)
    return Population(
        products=products,
        firmwares=tuple(listed),
        jobs=tuple(sorted(jobs, key=lambda job: job.list_order)),
    )
