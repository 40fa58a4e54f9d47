"""Names that exist in several languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalizedText:
    """A name: its default form and its translations by locale (`zh_CN`, `en_US`, ...)."""

    default: str
    translations: Mapping[str, str] = field(default_factory=dict)

    def text(self, locale: str | None = None) -> str:
        """Give the name in `locale`, else in the same language, else the default form.

        `en-US` and `en_US` mean the same. `en` finds the first English translation.
        """
        if locale:
            wanted = locale.replace("-", "_").casefold()
            by_locale = {
                key.replace("-", "_").casefold(): v for key, v in self.translations.items()
            }
            if wanted in by_locale:
                return by_locale[wanted]
            language = wanted.partition("_")[0]
            for key in sorted(by_locale):
                if key.partition("_")[0] == language:
                    return by_locale[key]
        return self.default

    def contains(self, needle: str) -> bool:
        """Tell whether any form of the name contains `needle`, whatever the case."""
        wanted = needle.casefold()
        return any(
            wanted in form.casefold() for form in (self.default, *self.translations.values())
        )
