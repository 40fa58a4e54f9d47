"""The firmware of the fleet: for each product a line of packages, released over the months."""

import random
from dataclasses import dataclass
from typing import Final

from gateway.simulators.enos.catalogue import FIRMWARE_NOTES, PRODUCTS, Product
from gateway.simulators.enos.chance import hex_digits
from gateway.simulators.enos.records import Firmware
from gateway.simulators.enos.texts import bilingual

DAY_S: Final = 86_400.0
FIRST_RELEASE_AGE_S: Final = 150 * DAY_S
LAST_RELEASE_AGE_S: Final = 9 * DAY_S
_PACKAGES_PER_PRODUCT: Final = 3
MAX_VERIFICATION_DEVICES: Final = 5
_LAST_MINOR: Final = 9

# What differs between packages comes in turn.
_LAST_FAILS: Final = (False, False, True)
_INDEPENDENT: Final = (False, False, False, False, True, False, False)
_SIZE_AS_TEXT: Final = (False, False, True, False, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A package to be: what the rollouts must know of it before it is complete.

    `fails_verification` marks a package whose verification devices all fail, so that no upgrade
    may use it.
    """

    number: int
    product: Product
    version: str
    created_s: float
    enable_verification: bool
    fails_verification: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductLine:
    """A product, the versions its devices left the factory with, its packages in order of time."""

    product: Product
    factory_versions: tuple[str, ...]
    releases: tuple[Release, ...]


def product_lines(
    chance: random.Random, *, packages: int, max_products: int, now_s: float
) -> list[ProductLine]:
    """Spread `packages` over as many products as can have at least three each."""
    count = max(1, min(len(PRODUCTS), max_products, packages // _PACKAGES_PER_PRODUCT))
    lines = []
    first_number = 0
    for position, product in enumerate(PRODUCTS[:count]):
        share = packages // count + (position < packages % count)
        versions = _versions(chance, product, count=share + 2)
        is_last_held_back = _LAST_FAILS[position % len(_LAST_FAILS)]
        releases = tuple(
            Release(
                number=first_number + step,
                product=product,
                version=versions[step + 2],
                created_s=now_s - _release_age_s(chance, step=step, count=share),
                enable_verification=(first_number + step) % 2 == 0
                or (is_last_held_back and step == share - 1),
                fails_verification=is_last_held_back and step == share - 1,
            )
            for step in range(share)
        )
        lines.append(
            ProductLine(product=product, factory_versions=tuple(versions[:2]), releases=releases)
        )
        first_number += share
    return lines


def firmware_of(release: Release, chance: random.Random, *, is_verified: bool) -> Firmware:
    """The complete package; `is_verified` is known once the verification jobs are planned."""
    number = release.number
    product = release.product
    sign_method = "md5" if number % 3 == 0 else "sha256"
    is_recent = number % 4 != 1
    size_bytes = chance.randrange(180_000, 48_000_000)
    return Firmware(
        firmware_id=f"{int(release.created_s):08x}{hex_digits(chance, 16)}",
        owner=product,
        is_independent=_INDEPENDENT[number % len(_INDEPENDENT)],
        name=bilingual(
            f"{product.chinese}固件 {release.version}",
            f"{product.package} {release.version}",
            variant=number,
        ),
        version=release.version,
        desc=FIRMWARE_NOTES[number % len(FIRMWARE_NOTES)],
        sign_method=sign_method,
        sign=hex_digits(chance, 32 if sign_method == "md5" else 64),
        file_url=f"enos-connect://{hex_digits(chance, 16)}.zip",
        file_size=str(size_bytes) if _SIZE_AS_TEXT[number % len(_SIZE_AS_TEXT)] else size_bytes,
        enable_verification=release.enable_verification,
        is_verified=is_verified,
        created_s=release.created_s,
        tags={"channel": ("stable", "beta")[number % 2]} if is_recent else None,
        max_allowed_for_verification=MAX_VERIFICATION_DEVICES if is_recent else None,
        min_success_for_verified=1 if is_recent else None,
    )


def _release_age_s(chance: random.Random, *, step: int, count: int) -> float:
    """Even steps from the oldest to the newest release, a little disturbed."""
    gap_s = (FIRST_RELEASE_AGE_S - LAST_RELEASE_AGE_S) / max(1, count - 1)
    return FIRST_RELEASE_AGE_S - step * gap_s + chance.random() * min(gap_s, 2 * DAY_S) / 2


def _versions(chance: random.Random, product: Product, *, count: int) -> list[str]:
    """Rising versions in the product's form."""
    major, minor, patch = chance.randint(1, 3), chance.randint(0, 4), chance.randint(0, 5)
    versions = []
    for _ in range(count):
        versions.append(product.version_form.format(major, minor, patch))
        if chance.getrandbits(1):
            patch += 1
        elif minor < _LAST_MINOR:
            minor, patch = minor + 1, 0
        else:
            major, minor, patch = major + 1, 0, 0
    return versions
