"""Trusted documents: a manifest of what an operator's own front ends send.

Clients' tools write it, in one of two forms:

    { "<id>": "<text>", ... }                      graphql-codegen, Relay
    { "format": "apollo-persisted-query-manifest", "version": 1,
      "operations": [ { "id": ..., "name": ..., "type": ..., "body": ... }, ... ] }

An id of 64 hexadecimal digits, as all of them can be told to use, is the SHA-256 of its text and
is held to it. Other ids are taken as they are.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

_APOLLO: Final = "apollo-persisted-query-manifest"
_SHA256: Final = re.compile(r"[0-9A-Fa-f]{64}")
_PREFIX: Final = "sha256:"


class TrustedDocumentsError(Exception):
    """The gateway cannot start with this manifest; each of `problems` names a document."""

    def __init__(self, problems: list[str]) -> None:
        """Keep one line for each problem."""
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedDocuments:
    """Texts by id, without `sha256:` before it. What hashes say is true; nothing is parsed."""

    texts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The manifest at `path`.

        Raises:
            TrustedDocumentsError: it cannot be read, is none, or has ids that are not the hashes
                of their texts.
        """
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            problem = f"{path}: cannot be read ({type(error).__name__})"
            raise TrustedDocumentsError([problem]) from None
        except (ValueError, RecursionError):
            raise TrustedDocumentsError([f"{path}: not JSON in UTF-8"]) from None
        texts: dict[str, str] = {}
        problems: list[str] = []
        for name, document_id, text in _entries(path, manifest):
            known = bare_id(document_id)
            if _SHA256.fullmatch(known) and known != _sha256(text):
                problems.append(f"{name}: its id is not the SHA-256 of its text")
            elif texts.setdefault(known, text) != text:
                problems.append(f"{name}: another document has the same id")
        if problems:
            raise TrustedDocumentsError([f"{path}: {problem}" for problem in problems])
        return cls(texts=texts)


def bare_id(document_id: str) -> str:
    """The id without `sha256:`, in lower case if it is a hash."""
    bare = document_id.removeprefix(_PREFIX)
    return bare.lower() if _SHA256.fullmatch(bare) else bare


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _entries(path: Path, manifest: object) -> Iterator[tuple[str, str, str]]:
    """What names each document in a problem, its id and its text."""
    if not isinstance(manifest, dict):
        raise TrustedDocumentsError([f"{path}: must be a JSON object"])
    if manifest.get("format") == _APOLLO:
        yield from _apollo(path, manifest)
        return
    for document_id, text in manifest.items():
        if not isinstance(text, str):
            problem = f"{path}: {document_id}: must be the text of a document"
            raise TrustedDocumentsError([problem])
        yield document_id, document_id, text


def _apollo(path: Path, manifest: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    operations = manifest.get("operations")
    if manifest.get("version") != 1 or not isinstance(operations, list):
        problem = f"{path}: must be of version 1 and hold a list of operations"
        raise TrustedDocumentsError([problem])
    for number, operation in enumerate(operations):
        entry = operation if isinstance(operation, dict) else {}
        document_id, text = entry.get("id"), entry.get("body")
        if not isinstance(document_id, str) or not isinstance(text, str):
            problem = f"{path}: operations.{number}: must have an id and a body"
            raise TrustedDocumentsError([problem])
        yield f"{entry.get('name') or 'operation'} ({document_id})", document_id, text
