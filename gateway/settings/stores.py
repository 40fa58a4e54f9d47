"""Where reads are kept and writes are written down."""

import re
from typing import Final

from pydantic import Field, SecretStr, field_validator

from gateway.settings.section import Seconds, Section

_JOURNAL_URL: Final = re.compile(
    r"sqlite:///[^?#]+|postgresql://[^@/?#\s]+/[^@/?#\s]+(\?sslmode=[a-z-]+)?"
)


class CacheSettings(Section):
    """Where reads are kept.

    Without `url` they are kept in this process, at most `max_entries` and `max_bytes`. With it, in
    the Redis or Valkey server at `redis://host:port/db`, shared by all `replicas`; `password` comes
    from the environment or a file.
    """

    url: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    replicas: int = Field(default=1, ge=1)
    max_entries: int = Field(default=100_000, ge=1)
    max_bytes: int = Field(default=256 * 1024 * 1024, ge=1024)

    @field_validator("url")
    @classmethod
    def _no_credentials(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"rediss?://[^@/?#\s]+(/\d{1,3})?", url):
            message = "must be redis://host:port/db or rediss://..., without credentials"
            raise ValueError(message)
        return url


class JournalSettings(Section):
    """Where every write is written down before it is sent.

    `url` is `sqlite:///path/to/file` for one gateway, whose folder must outlast it, or
    `postgresql://host:port/database?sslmode=...` for several; `password` comes from the environment
    or a file. One call of the journal may take `timeout_s`.
    """

    url: str = "sqlite:///ota-gateway-journal.sqlite3"
    username: str | None = None
    password: SecretStr | None = None
    timeout_s: Seconds = 2.0

    @field_validator("url")
    @classmethod
    def _no_credentials(cls, url: str) -> str:
        if not _JOURNAL_URL.fullmatch(url):
            message = (
                "must be sqlite:///path/to/file or postgresql://host:port/database, without "
                "credentials"
            )
            raise ValueError(message)
        return url
