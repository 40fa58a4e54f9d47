import pytest

from gateway.domain.text import LocalizedText

NAME = LocalizedText(
    default="Pump",
    translations={"zh_CN": "水泵", "en_US": "US pump", "en_GB": "British pump", "de": "Straße"},
)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (None, "Pump"),
        ("", "Pump"),
        ("zh_CN", "水泵"),
        ("zh-CN", "水泵"),
        ("ZH-cn", "水泵"),
        ("zh", "水泵"),
        ("zh_TW", "水泵"),
        ("en", "British pump"),
        ("en_AU", "British pump"),
        ("en_US", "US pump"),
        ("de_AT", "Straße"),
        ("e", "Pump"),
        ("fr", "Pump"),
        ("fr_CN", "Pump"),
    ],
)
def test_a_name_is_given_in_the_nearest_language(locale: str | None, text: str) -> None:
    assert NAME.text(locale) == text


def test_a_name_without_translations_has_one_form() -> None:
    assert LocalizedText(default="Pump").text("en_US") == "Pump"


@pytest.mark.parametrize("needle", ["pump", "PUMP", "sh pu", "泵", "STRASSE", ""])
def test_a_name_contains_a_part_of_any_of_its_forms(needle: str) -> None:
    assert NAME.contains(needle)


@pytest.mark.parametrize("needle", ["pumpe", "en_US", "p ump"])
def test_a_name_does_not_contain_what_no_form_has(needle: str) -> None:
    assert not NAME.contains(needle)
