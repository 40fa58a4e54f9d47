"""Names in several languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalText:
    """A StringI18n: a default name and the names by locale (`zh_CN`, `en_US`), maybe none."""

    default: str
    translations: Mapping[str, str] = field(default_factory=dict)

    def in_locale(self, locale: str) -> str:
        """The name in `locale`, or the default name."""
        return self.translations.get(locale, self.default)

    def spellings(self) -> tuple[str, ...]:
        """The default name and every localised name."""
        return (self.default, *self.translations.values())

    def wire(self) -> dict[str, object]:
        """The struct as the cloud sends it."""
        return {"defaultValue": self.default, "i18nValue": dict(self.translations)}


def bilingual(chinese: str, english: str, *, variant: int) -> LocalText:
    """One of the ways people fill in a name; `variant` picks it.

    Both languages with either default, no translations at all, or only one of them.
    """
    shapes = (
        LocalText(default=english, translations={"en_US": english, "zh_CN": chinese}),
        LocalText(default=chinese, translations={"zh_CN": chinese, "en_US": english}),
        LocalText(default=english),
        LocalText(default=chinese, translations={"en_US": english}),
        LocalText(default=chinese),
        LocalText(default=english, translations={"zh_CN": chinese}),
    )
    return shapes[variant % len(shapes)]
