"""What sections of the settings ask of each other."""

import pytest

from gateway.settings import Settings, SettingsError

_CLOUD = {
    "provider": "enos",
    "endpoint": "https://apim.example.com",
    "org_id": "o1",
    "app_key": "key",
    "app_secret": "s",
}
_KEY = {"hash": "sha256:" + "0" * 64, "role": "read"}
_BACKENDS = {"one": _CLOUD, "two": _CLOUD}


def problems_of(**values: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.build({"backends": _BACKENDS, **values})
    return caught.value.problems


def test_without_tenants_one_sees_all_backends() -> None:
    settings = Settings.build({"backends": _BACKENDS})

    assert settings.backends_by_tenant == {"default": ("one", "two")}


def test_a_tenant_sees_the_backends_that_are_named() -> None:
    settings = Settings.build(
        {
            "backends": _BACKENDS,
            "tenants": {"acme": {"backends": ["one"]}, "zenith": {"backends": ["two", "one"]}},
            "access": {"keys": {"ann": {**_KEY, "tenant": "acme"}}},
        }
    )

    assert settings.backends_by_tenant == {"acme": ("one",), "zenith": ("two", "one")}


def test_all_that_does_not_fit_is_told_at_once() -> None:
    assert problems_of(
        tenants={"acme": {"backends": ["three"]}},
        access={"keys": {"ann": {**_KEY, "tenant": "umbra"}}},
    ) == [
        "access.keys.ann.tenant: there is no such tenant; set up [tenants.<name>]",
        "tenants.acme.backends: there is no backend three",
        "backends.one: no tenant sees it; add it to tenants.<name>.backends",
        "backends.two: no tenant sees it; add it to tenants.<name>.backends",
    ]


def test_replicas_that_write_share_their_cache() -> None:
    (line,) = problems_of(cache={"replicas": 2})

    assert line.startswith("cache.replicas: several replicas that write need cache.url")
    reading = {"cache": {"replicas": 2}, "writes": {"enabled": False}}
    assert Settings.build({"backends": _BACKENDS, **reading}).cache.replicas == 2
