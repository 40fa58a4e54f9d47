"""Where documents are prepared once and kept: the trusted ones for good, others while used."""

import hashlib
from collections.abc import Mapping
from typing import Final

from graphql import GraphQLError, GraphQLSchema

from gateway.cache.lru import Lru
from gateway.schema.documents.checks import Validation, oversized, parsed
from gateway.schema.documents.collector import collect_young, uncollected
from gateway.schema.documents.persisted import persisted_query
from gateway.schema.documents.policy import DocumentPolicy
from gateway.schema.documents.prepared import Prepared, refused
from gateway.schema.documents.refusals import MOST_ERRORS, refusal
from gateway.schema.documents.size import measure
from gateway.schema.documents.trusted import TrustedDocuments, TrustedDocumentsError, bare_id

_BYTES_A_TOKEN: Final = 700
"""Memory of a prepared document: nodes, locations and tokens; measured at 420 to 610."""

_BYTES_A_CHARACTER: Final = 4


class DocumentLibrary:
    """Prepares documents, in time bounded by the policy, and keeps those that are valid.

    What is kept is bounded by number and by memory, and what was used least recently goes first,
    so that any number of different documents take no more. Documents with errors are not kept.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        policy: DocumentPolicy | None = None,
        trusted: TrustedDocuments | None = None,
    ) -> None:
        """Prepare the `trusted` documents.

        Raises:
            TrustedDocumentsError: some of them are not valid.
        """
        self._policy = policy or DocumentPolicy()
        self._validation = Validation(schema, self._policy)
        self._kept: Lru[Prepared] = Lru(
            max_entries=self._policy.max_cached, max_bytes=self._policy.max_cached_bytes
        )
        self._trusted: dict[str, Prepared] = {}
        self._trusted_texts: dict[str, Prepared] = {}
        self._trust(trusted.texts if trusted else {})

    @property
    def policy(self) -> DocumentPolicy:
        """Which documents are run."""
        return self._policy

    @property
    def kept(self) -> int:
        """Documents kept prepared, without the trusted ones."""
        return len(self._kept)

    @property
    def kept_bytes(self) -> int:
        """Memory that they take, by an estimate on the high side."""
        return self._kept.size_bytes

    def asked_for(
        self,
        *,
        query: str | None,
        document_id: str | None = None,
        extensions: Mapping[str, object] | None = None,
    ) -> Prepared:
        """The document of a request, by its parameters `query`, `documentId` and `extensions`.

        It is given by its text, by the id of a trusted document, or by the hash of its text in
        `extensions.persistedQuery`, as Apollo's clients do; with the text beside the hash it is
        known by the hash from then on. What makes no sense is a document with an error.
        """
        persisted = persisted_query(extensions)
        if isinstance(persisted, GraphQLError):
            return refused(persisted)
        if document_id is not None:
            if query is not None or persisted is not None:
                message = "give `documentId` alone, without `query` and `persistedQuery`"
                return refused(refusal("BAD_USER_INPUT", message))
            message = "no trusted document has this `documentId`"
            return self.find(document_id) or refused(refusal("DOCUMENT_NOT_FOUND", message))
        if persisted is not None:
            return self.persisted(persisted.sha256, query)
        if query is None:
            return refused(refusal("BAD_USER_INPUT", "`query` is missing: the document to run"))
        return self.prepare(query)

    def prepare(self, text: str) -> Prepared:
        """The document of this text; with errors if it is not run."""
        return self._by_digest(_digest(text), text)

    def find(self, document_id: str) -> Prepared | None:
        """The trusted document of this id, with or without `sha256:` before it; None if unknown."""
        return self._trusted.get(bare_id(document_id))

    def persisted(self, sha256: str, text: str | None) -> Prepared:
        """The document whose text has this hash, in hexadecimal; `text` makes it known."""
        digest = sha256.lower()
        if text is None:
            found = self.find(digest) or self._trusted_texts.get(digest) or self._kept.get(digest)
            if found is not None:
                return found
            if self._policy.only_trusted:
                return self._untrusted("")
            return refused(refusal("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound"))
        if digest != _digest(text):
            message = "`persistedQuery.sha256Hash` is not the SHA-256 of `query`"
            return refused(refusal("PERSISTED_QUERY_HASH_MISMATCH", message), text=text)
        return self._by_digest(digest, text)

    def _by_digest(self, digest: str, text: str) -> Prepared:
        found = self._trusted_texts.get(digest) or self._kept.get(digest)
        if found is not None:
            return found
        if self._policy.only_trusted:
            return self._untrusted(text)
        with uncollected():
            prepared = self._prepared(text, trusted=False)
        if prepared.errors:
            collect_young()
        else:
            self._kept.put(digest, prepared, _memory(prepared))
        return prepared

    def _untrusted(self, text: str) -> Prepared:
        message = "this gateway runs trusted documents only, and this is none of them"
        return refused(refusal("TRUSTED_DOCUMENTS_ONLY", message), text=text)

    def _prepared(self, text: str, *, trusted: bool) -> Prepared:
        limits = None if trusted else self._policy.limits
        document = parsed(text, limits)
        if isinstance(document, GraphQLError):
            return refused(document, text=text)
        size = measure(document)
        errors = [] if limits is None else oversized(size, limits)
        errors = errors or self._validation.errors(document, trusted=trusted)
        return Prepared(
            text=text,
            document=None if errors else document,
            size=size,
            errors=tuple(errors[:MOST_ERRORS]),
            trusted=trusted,
        )

    def _trust(self, texts: Mapping[str, str]) -> None:
        problems: list[str] = []
        for document_id, text in texts.items():
            digest = _digest(text)
            prepared = self._trusted_texts.get(digest) or self._prepared(text, trusted=True)
            problems += [f"{document_id}: {error.message}" for error in prepared.errors[:1]]
            self._trusted[document_id] = self._trusted_texts[digest] = prepared
        if problems:
            raise TrustedDocumentsError(problems)


def _digest(text: str) -> str:
    """SHA-256 of the text in UTF-8; a lone surrogate, which the parser refuses, counts as it is."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _memory(prepared: Prepared) -> int:
    return _BYTES_A_CHARACTER * len(prepared.text) + _BYTES_A_TOKEN * prepared.size.tokens
