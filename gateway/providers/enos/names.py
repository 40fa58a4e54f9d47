"""Names as EnOS takes them, and the marker by which a job of unknown outcome is found."""

from typing import Final

from gateway.domain.text import LocalizedText
from gateway.providers.enos.translation import Path, Translation, shown

LOCALES: Final = ("zh_CN", "en_US", "ja_JP", "es_ES")
"""What EnOS documents. What it does with others is not documented, so none are sent."""

_BY_PLAIN_FORM: Final = {locale.casefold(): locale for locale in LOCALES}


def check_name(notes: Translation, path: Path, name: LocalizedText) -> None:
    """Note what keeps EnOS from taking `name`."""
    notes.text((*path, "default"), name.default)
    translations = (*path, "translations")
    for locale, text in name.translations.items():
        if locale not in LOCALES:
            near = _BY_PLAIN_FORM.get(locale.replace("-", "_").casefold())
            message = f"EnOS has no locale {shown(locale)}; it has {', '.join(LOCALES)}"
            notes.refuse(translations, message, *((near,) if near else LOCALES))
        notes.text(translations, text)


def name_body(name: LocalizedText) -> dict[str, object]:
    """A StringI18n of `name`; its translations are always there, if only as an empty object."""
    return {"defaultValue": name.default, "i18nValue": dict(name.translations)}


def marked(name: LocalizedText | None, marker: str) -> LocalizedText:
    """The name of a job with `marker` visibly at the end of its default form.

    Translations stay as they are: a marker among them would need a locale of its own, and EnOS
    may refuse one that it does not know. A job without a name is called by its marker alone.
    """
    tag = marker_tag(marker)
    if name is None:
        return LocalizedText(default=tag)
    return LocalizedText(default=f"{name.default} {tag}", translations=name.translations)


def marker_tag(marker: str) -> str:
    """What stands in the name for `marker`."""
    return f"[{marker_text(marker)}]"


def marker_text(marker: str) -> str:
    """What to search names for: the tag without its brackets, which may be syntax to a search."""
    return f"ota:{marker}"
