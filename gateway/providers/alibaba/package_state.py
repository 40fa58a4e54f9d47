"""Whether a change of a package or a module holds, for those whose answer was lost."""

from gateway.domain.errors import NotFoundError
from gateway.domain.firmware import Firmware
from gateway.domain.write import (
    CreateModule,
    DeleteFirmware,
    DeleteModule,
    UpdateFirmware,
    UpdateModule,
    Verdict,
)
from gateway.providers.alibaba.client import AlibabaClient
from gateway.providers.alibaba.provider import AlibabaProvider
from gateway.providers.alibaba.verdicts import compare


async def package_was_updated(provider: AlibabaProvider, write: UpdateFirmware) -> Verdict:
    """Whether the package has the texts that were asked for."""
    changes = write.changes
    wanted = {
        "name": changes.name,
        "description": changes.description,
        "device_info": changes.device_info,
    }
    now = await provider.get_firmware(write.firmware.native_id)
    return compare(wanted, _texts(write.firmware), _texts(now))


async def package_was_deleted(provider: AlibabaProvider, write: DeleteFirmware) -> Verdict:
    """Whether the package is gone."""
    try:
        await provider.get_firmware(write.firmware.native_id)
    except NotFoundError:
        return Verdict.DONE
    return Verdict.NOT_DONE


async def module_was_written(client: AlibabaClient, write: CreateModule | UpdateModule) -> Verdict:
    """Whether the module is there and has the texts that were asked for.

    One with other texts is somebody else's, which after a creation is for a person to judge; after
    an update it tells that the update did not happen.
    """
    draft = write.draft
    reply = await client.list_ota_module_by_product(draft.product_key)
    name = draft.name.casefold()
    found = next(
        (item.info for item in reply.items if item.info.module_name.casefold() == name), None
    )
    if found is None:
        return Verdict.UNCLEAR if reply.broken else Verdict.NOT_DONE
    wanted = {"alias": draft.alias, "description": draft.description or None}
    now = {"alias": found.alias_name, "description": found.desc}
    if compare(wanted, now, now) is Verdict.DONE:
        return Verdict.DONE
    return Verdict.UNCLEAR if isinstance(write, CreateModule) else Verdict.NOT_DONE


async def module_was_deleted(client: AlibabaClient, write: DeleteModule) -> Verdict:
    """Whether the module is gone."""
    reply = await client.list_ota_module_by_product(write.product_key)
    if write.name.casefold() in {item.info.module_name.casefold() for item in reply.items}:
        return Verdict.NOT_DONE
    return Verdict.UNCLEAR if reply.broken else Verdict.DONE


def _texts(firmware: Firmware) -> dict[str, object]:
    detail = firmware.detail
    return {
        "name": firmware.name.default if firmware.name else None,
        "description": firmware.description or "",
        "device_info": (detail.device_info or "") if detail else None,
    }
