"""The words the fleet is made of: products, sites, stages of a rollout, reasons of failure."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A kind of device.

    `version_form` shapes version texts; `language` is the one its devices report in.
    """

    key: str
    chinese: str
    english: str
    package: str
    device_prefix: str
    version_form: str
    language: Language


class Failure(NamedTuple):
    """A reason of failure: the code devices report, how far they may get, the text by language."""

    code: int
    peak: int
    english: str
    chinese: str

    def desc(self, language: Language) -> str:
        """The text a device or the cloud gives."""
        return self.chinese if language == "zh" else self.english


class Phrase(NamedTuple):
    """The same thing in both languages of the fleet."""

    chinese: str
    english: str


PRODUCTS: Final = (
    Product(
        key="WTmC8k2Q",
        chinese="风机主控",
        english="Wind turbine main controller",
        package="WTC-Main",
        device_prefix="WTC",
        version_form="V{}.{}.{}",
        language="zh",
    ),
    Product(
        key="PiTc41Zx",
        chinese="变桨控制器",
        english="Pitch controller",
        package="Pitch-FW",
        device_prefix="PCH",
        version_form="{}.{}.{}",
        language="zh",
    ),
    Product(
        key="INvr7Ab9",
        chinese="组串式逆变器",
        english="String inverter",
        package="SUN-Inverter",
        device_prefix="INV",
        version_form="{}.{}.{}",
        language="en",
    ),
    Product(
        key="BMsE5t0d",
        chinese="储能电池 BMS",
        english="Storage battery BMS",
        package="BMS-Core",
        device_prefix="BMS",
        version_form="BMS_{}.{}.{}",
        language="zh",
    ),
    Product(
        key="PCs9Lq3n",
        chinese="储能变流器",
        english="Power conversion system",
        package="PCS-Grid",
        device_prefix="PCS",
        version_form="{}.{}.{}-release",
        language="en",
    ),
    Product(
        key="GWed6H2v",
        chinese="边缘网关",
        english="Edge gateway",
        package="EdgeOS",
        device_prefix="GW",
        version_form="{}.{}.{}",
        language="en",
    ),
    Product(
        key="EVch3R8y",
        chinese="直流充电桩",
        english="DC EV charger",
        package="DC-Charger",
        device_prefix="EVC",
        version_form="v{}.{}.{}",
        language="zh",
    ),
    Product(
        key="MTr20sGk",
        chinese="智能电表",
        english="Smart meter",
        package="Meter-DL645",
        device_prefix="MTR",
        version_form="{}.{}{}",
        language="en",
    ),
)

SITES: Final = (
    Phrase("张北风场", "Zhangbei wind farm"),
    Phrase("如东海上风电", "Rudong offshore"),
    Phrase("哈密光伏电站", "Hami solar park"),
    Phrase("玉门风场", "Yumen wind farm"),
    Phrase("鄂尔多斯零碳产业园", "Ordos net-zero park"),
    Phrase("江阴储能电站", "Jiangyin storage station"),
    Phrase("上海嘉定", "Shanghai Jiading"),
    Phrase("深圳南山", "Shenzhen Nanshan"),
    Phrase("德州一期", "Texas phase I"),
    Phrase("萨克森", "Saxony"),
)

STAGES: Final = (
    Phrase("灰度升级", "canary"),
    Phrase("试点升级", "pilot"),
    Phrase("第一批升级", "batch 1"),
    Phrase("第二批升级", "batch 2"),
    Phrase("夜间窗口升级", "night window"),
    Phrase("全量升级", "full rollout"),
    Phrase("安全补丁", "security fix"),
)

VERIFICATION: Final = Phrase("固件验证", "firmware verification")

FAILURES: Final = (
    Failure(-1, 60, "upgrade failed", "升级失败"),
    Failure(-2, 30, "", ""),
    Failure(-3, 40, "checksum mismatch", "固件校验失败"),
    Failure(-4, 85, "flash write error at sector 118", "写入失败"),
    Failure(-5, 0, "upgrade ignored by device", "设备忽略本次升级"),
    Failure(-11, 10, "battery below 30 percent", "电量低于 30%"),
    Failure(-12, 5, "wind speed above limit", "风速超过限值"),
    Failure(-20, 45, "not enough space on partition B", "B 分区空间不足"),
)

TIMEOUT: Final = Failure(-1, 70, "upgrade timeout", "升级超时")
"""The cloud's own verdict when a device works longer than the job allows."""

CANCELLED: Final = Failure(-1, 0, "Cancelled by user", "Cancelled by user")
"""A cancelled task; the vendor's samples search for this English text."""

SUCCESS_TEXTS: Final = {"en": "upgrading firmware finished", "zh": "升级成功"}

FIRMWARE_NOTES: Final = (
    None,
    "Fixes grid-code frequency response",
    "修复通信中断后重连失败的问题",
    "Improves MPPT at low irradiance",
    "优化电池均衡策略, 提升日志上传稳定性",
    "",
)
