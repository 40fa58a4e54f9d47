"""Makes the account's products and update packages from the seed."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.simulators.alibaba import catalogue
from gateway.simulators.alibaba.draw import Draw, draw
from gateway.simulators.alibaba.firmware import Firmware, PackageFile, Verification
from gateway.simulators.alibaba.product import Module, Product

HOUR_S = 3_600.0
DAY_S = 24 * HOUR_S
OLDEST_S = 160 * DAY_S
_TRIAL_S = 20 * 60.0
_SECOND_TRY_S = 9 * 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    """What the n-th package of a round is; rounds repeat so that small fleets have all kinds."""

    needs_verification: bool = True
    tried: bool = True
    passed: bool = True
    trying: bool = False


_PASSED = _Fate()
_EXEMPT = _Fate(needs_verification=False, tried=False)
_ROUND = (
    _PASSED,
    _EXEMPT,
    _PASSED,
    _Fate(tried=False),
    _PASSED,
    _Fate(passed=False),
    _PASSED,
    _Fate(trying=True),
    _EXEMPT,
    *(_PASSED,) * 3,
)
_DIFFERENTIAL_EVERY = 5
_SEVERAL_FILES_EVERY = 6
_CUSTOM_MODULE_EVERY = 3


def product_key(seed: int, line: int) -> str:
    """The key of the product made from this line of the catalogue."""
    return f"a1{draw(seed, 'product', line).token()[:9]}"


def make_products(*, seed: int, origin_s: float, devices: Sequence[int]) -> tuple[Product, ...]:
    """One product per number in `devices`, which says how many devices each has."""
    products = []
    first_number = 1
    for line_number, count in enumerate(devices):
        line = catalogue.PRODUCT_LINES[line_number]
        products.append(
            Product(
                key=product_key(seed, line_number),
                name=line.name,
                device_prefix=line.device_prefix,
                first_number=first_number,
                devices=count,
                modules=tuple(
                    Module(
                        name=module.name,
                        alias=module.alias,
                        note=module.note,
                        first_version=f"{1 + place}.0.0",
                        created_s=origin_s - OLDEST_S - (40 - place) * DAY_S,
                        modified_s=origin_s - OLDEST_S - (9 - place) * DAY_S,
                    )
                    for place, module in enumerate(line.modules)
                ),
            )
        )
        first_number += count
    return tuple(products)


def package_product(package: int, packages: int) -> int:
    """Which line of the catalogue a package belongs to: they take turns."""
    return package % min(len(catalogue.PRODUCT_LINES), packages)


def package_created_s(package: int, packages: int, origin_s: float) -> float:
    """When a package was made: the first is the oldest, the last hours or days old."""
    share = (packages - package) / packages
    return origin_s - 5 * HOUR_S - (OLDEST_S - 5 * HOUR_S) * math.pow(share, 1.3)


def package_usable_s(package: int, packages: int, origin_s: float) -> float | None:
    """From when on a package may be rolled out, None if never: it failed, or is not tried yet."""
    fate = _ROUND[package % len(_ROUND)]
    created_s = package_created_s(package, packages, origin_s)
    if not fate.needs_verification:
        return created_s
    if not fate.tried or not fate.passed or fate.trying:
        return None
    return created_s + HOUR_S + _TRIAL_S


def trials(packages: int, origin_s: float) -> list[tuple[int, float]]:
    """Number and start of the trial of each package that was or is tried."""
    found = []
    for number in range(packages):
        created_s = package_created_s(number, packages, origin_s)
        trial = _trial(_ROUND[number % len(_ROUND)], created_s, origin_s)
        if trial is not None:
            found.append((number, trial.started_s))
    return found


def make_packages(
    *, seed: int, origin_s: float, packages: int, products: Sequence[Product]
) -> tuple[Firmware, ...]:
    """The packages, oldest first."""
    versions: dict[tuple[str, str], list[str]] = {}
    made = []
    for number in range(packages):
        line_number = package_product(number, packages)
        line = catalogue.PRODUCT_LINES[line_number]
        product = products[line_number]
        turn = number // len(products)
        place = 0
        if len(line.modules) > 1 and turn % _CUSTOM_MODULE_EVERY == 1:
            place = 1 + turn // _CUSTOM_MODULE_EVERY % (len(line.modules) - 1)
        module = product.modules[place]
        history = versions.setdefault((product.key, module.name), _first_versions(module))
        made.append(
            _make_package(
                chance=draw(seed, "package", number),
                number=number,
                created_s=package_created_s(number, packages, origin_s),
                origin_s=origin_s,
                product=product,
                module=module,
                line=line.modules[place],
                history=tuple(history),
            )
        )
        history.append(made[-1].version)
    return tuple(made)


def _first_versions(module: Module) -> list[str]:
    major = module.first_version.partition(".")[0]
    return [module.first_version, f"{major}.0.3", f"{major}.1.0"]


def _next_version(history: Sequence[str], chance: Draw) -> str:
    """A version above the last one: mostly the minor part moves, sometimes the major one."""
    major, minor, _ = (int(part) for part in history[-1].partition("-")[0].split("."))
    if chance.chance(0.2):
        return f"{major + 1}.0.0"
    suffix = "-rc1" if chance.chance(0.1) else ""
    return f"{major}.{minor + 1}.{chance.choice((0, 0, 1, 4))}{suffix}"


def _make_package(
    *,
    chance: Draw,
    number: int,
    created_s: float,
    origin_s: float,
    product: Product,
    module: Module,
    line: catalogue.ModuleLine,
    history: tuple[str, ...],
) -> Firmware:
    fate = _ROUND[number % len(_ROUND)]
    version = _next_version(history, chance)
    differential = number % _DIFFERENTIAL_EVERY == _DIFFERENTIAL_EVERY - 1
    count = 1 if number % _SEVERAL_FILES_EVERY != _SEVERAL_FILES_EVERY - 2 else chance.randint(2, 4)
    size_bytes = line.size_bytes // (8 if differential else 1)
    return Firmware(
        id=f"{chance.token()}030{1 + number % 2}00",
        name=f"{line.stem}_v{version.replace('.', '-')}",
        product=product,
        module=module,
        version=version,
        earlier_versions=history,
        source_version=history[-1] if differential else None,
        note=chance.choice((*catalogue.FIRMWARE_NOTES, None)),
        user_data=_user_data(chance),
        files=tuple(
            PackageFile(
                name=f"part{place}.bin",
                size_bytes=int(size_bytes * (0.9 + 0.2 * chance.random())) // count,
                md5=hashlib.md5(chance.token().encode(), usedforsecurity=False).hexdigest(),
            )
            for place in range(1, count + 1)
        ),
        needs_verification=fate.needs_verification,
        verification=_trial(fate, created_s, origin_s),
        created_s=created_s,
        blank_style=number,
    )


def _user_data(chance: Draw) -> str | None:
    notice: Mapping[str, str] = {"ota_notice": chance.choice(catalogue.FIRMWARE_NOTES)}
    return json.dumps(notice, ensure_ascii=False) if chance.chance(0.5) else None


def _trial(fate: _Fate, created_s: float, origin_s: float) -> Verification | None:
    if not fate.tried:
        return None
    if fate.trying:
        return Verification(
            started_s=origin_s - 3 * 60, ended_s=origin_s + _SECOND_TRY_S, passed=True
        )
    started_s = created_s + HOUR_S
    return Verification(started_s=started_s, ended_s=started_s + _TRIAL_S, passed=fate.passed)
