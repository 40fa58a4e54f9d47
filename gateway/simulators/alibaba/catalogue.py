"""What the fleet is made of: product lines, their modules, and the words that people wrote."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleLine:
    """A part of a device with firmware of its own; `stem` begins its packages' names.

    `alias` and `note` are what the console shows and may be None; `size_bytes` is typical.
    """

    name: str
    stem: str
    size_bytes: int
    alias: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductLine:
    """A kind of device: its name, how its devices are named, and its modules, `default` first."""

    name: str
    device_prefix: str
    modules: tuple[ModuleLine, ...]


PRODUCT_LINES = (
    ProductLine(
        name="风机主控 WTC-2500",
        device_prefix="wtc-",
        modules=(
            ModuleLine(name="default", stem="风机主控固件", size_bytes=24_600_000),
            ModuleLine(
                name="pitchDrive",
                stem="变桨驱动器固件",
                size_bytes=3_100_000,
                alias="变桨驱动器",
                note="三轴变桨驱动器",
            ),
        ),
    ),
    ProductLine(
        name="String Inverter SG-110",
        device_prefix="pv-inv-",
        modules=(
            ModuleLine(name="default", stem="inverter-main-fw", size_bytes=8_400_000),
            ModuleLine(
                name="arcDetector",
                stem="arc-detector-fw",
                size_bytes=640_000,
                alias="Arc fault detector",
                note="DSP of the arc fault detector",
            ),
        ),
    ),
    ProductLine(
        name="储能电池 BMS-280",
        device_prefix="bms-",
        modules=(
            ModuleLine(name="default", stem="储能电池主控固件", size_bytes=2_300_000),
            ModuleLine(name="slave.bmu", stem="电池从控固件", size_bytes=410_000, alias="从控 BMU"),
        ),
    ),
    ProductLine(
        name="Edge Gateway EG-40",
        device_prefix="edge-gw-",
        modules=(
            ModuleLine(name="default", stem="edge-gateway-os", size_bytes=186_000_000),
            ModuleLine(
                name="barcodeScanner",
                stem="barcode-scanner-fw",
                size_bytes=1_200_000,
                alias="Barcode_scanner",
                note="barcode scanner firmware",
            ),
            ModuleLine(
                name="modem_4g",
                stem="4G通信模组固件",
                size_bytes=12_700_000,
                alias="4G通信模组",
                note="",
            ),
        ),
    ),
    ProductLine(
        name="直流充电桩 DC-120",
        device_prefix="evc-",
        modules=(
            ModuleLine(name="default", stem="充电桩主板固件", size_bytes=15_200_000),
            ModuleLine(
                name="billing-unit",
                stem="充电桩计费单元固件",
                size_bytes=5_900_000,
                alias="计费控制单元",
                note="TCU",
            ),
        ),
    ),
    ProductLine(
        name="智能电表 DTZ-341",
        device_prefix="meter-",
        modules=(
            ModuleLine(name="default", stem="智能电表固件", size_bytes=720_000),
            ModuleLine(name="hplc", stem="HPLC载波模块固件", size_bytes=530_000, alias="HPLC"),
        ),
    ),
    ProductLine(
        name="Heat Pump Controller HP-9",
        device_prefix="hp-",
        modules=(
            ModuleLine(name="default", stem="heat-pump-controller", size_bytes=4_700_000),
            ModuleLine(
                name="WifiConfigModify",
                stem="heat-pump-wifi",
                size_bytes=924_000,
                alias="Wi-Fi module",
                note="modified-WiFi-module",
            ),
        ),
    ),
    ProductLine(
        name="水质监测仪 WQ-5",
        device_prefix="wq_",
        modules=(ModuleLine(name="default", stem="水质监测仪固件", size_bytes=1_650_000),),
    ),
)

FIRMWARE_NOTES = (
    "modified-WiFi-module",
    "修复夜间离线后时钟漂移的问题",
    "Fixes reconnect storms after a broker restart",
    "优化功率曲线 调整过温降额阈值",
    "Security update: TLS 1.3 only",
    "支持远程日志上传",
    "Grid code update 2026",
    "提升断点续传的稳定性",
)

JOB_NOTES = (
    "batch upgrade",
    "华北一期 灰度第一批",
    "Pilot at the north site, 50 devices",
    "张北风场 全量升级",
    "Rollout to all sites after the pilot",
    "夜间低谷时段升级",
    "Security fix, all regions",
    "客户现场问题修复",
    "Warranty batch of 2025",
)

GROUPS = (
    "华东一区",
    "张北风场一期",
    "Pilot devices",
    "Depot 7, Hamburg",
    "夜间可维护设备",
    "Fleet of customer A",
)

TAGS: Mapping[str, tuple[str, ...]] = {
    "site": ("zhangbei", "张北", "hamburg-7", "上海临港"),
    "ring": ("canary", "early", "broad"),
    "owner": ("ota-team", "运维一组"),
    "change.ticket": ("CHG-20417", "CHG-20988", "CHG-21003"),
    "window": ("night", "02:00-05:00 UTC+8"),
}

GRAY_PERCENTAGES = ("1.00", "5.00", "10.00", "33.33", "50.00", "12.500")

UNFIT_TEXTS = (
    "report version is not conform",
    "download failed",
    "固件下载失败 网络超时",
    "MD5 check of the package failed",
    "固件校验失败",
    "flash write failed: no space left",
    "刷写失败 设备已回滚",
    "upgrade failed",
)
REFUSED_TEXTS = ("battery too low", "设备电量不足 拒绝升级", "device is charging")
BUSY_TEXT = "device has an unfinished upgrade task"
REPLACED_TEXT = "replaced by a newer upgrade task"
TIMEOUT_TEXT = "timeout"
CANCELED_TEXTS = ("canceled by user", "用户取消升级", None)
WINDOW_CLOSED_TEXT = "schedule finish time reached"
