"""Localised names and the fallback from a locale to the default name."""

from gateway.simulators.enos.texts import LocalText, bilingual


def test_a_missing_locale_falls_back_to_the_default() -> None:
    name = LocalText(default="Gateway", translations={"zh_CN": "网关"})
    assert name.in_locale("zh_CN") == "网关"
    assert name.in_locale("en_US") == "Gateway"
    assert name.spellings() == ("Gateway", "网关")


def test_names_are_filled_in_in_several_ways() -> None:
    names = [bilingual("网关", "Gateway", variant=variant).wire() for variant in range(6)]
    assert len({str(name) for name in names}) == 6
    assert {"defaultValue": "Gateway", "i18nValue": {}} in names
    both = {"en_US": "Gateway", "zh_CN": "网关"}
    assert {"defaultValue": "网关", "i18nValue": both} in names
