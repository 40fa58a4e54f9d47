"""Secrets: they come from the environment or from files, never from the file of settings."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gateway.settings.section import ENV_PREFIX, SettingsError


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """Names of the fields of `model` that are secrets."""
    return frozenset(
        name for name, field in model.model_fields.items() if "SecretStr" in repr(field.annotation)
    )


def resolved(where: str, table: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """`table` with every `<secret>_file` replaced by what the file holds."""
    found = dict(table)
    for field in secret_fields(model):
        file = found.pop(f"{field}_file", None)
        if file is not None and field not in found:
            try:
                found[field] = Path(str(file)).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                problem = f"{where}.{field}_file: cannot be read ({type(error).__name__})"
                raise SettingsError([problem]) from None
    return found


def secrets_in(where: str, table: object, model: type[BaseModel]) -> Iterator[str]:
    """One line for each secret that stands in `table`, which is called `where`."""
    for field in sorted(secret_fields(model)):
        if isinstance(table, dict) and field in table:
            variable = ENV_PREFIX + f"{where}.{field}".replace(".", "__").upper()
            yield (
                f"{where}.{field}: a secret must not stand in the file; set {variable}, or "
                f"{field}_file to a file that holds it"
            )
