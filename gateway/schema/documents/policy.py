"""What a document may be: the numbers that bound it, and what it may ask about the schema."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """How large a document may be; each is the largest number that is still let through.

    Everything is counted as the document executes: what a fragment selects counts wherever it is
    spread. Where a document holds several operations, the largest one counts.

    Attributes:
        characters: of the text.
        tokens: of the text, without comments; it may hold as many comments, too.
        depth: fields within fields, the innermost included; those below `__schema` and `__type`
            have a bound of their own.
        aliases: fields under another name.
        directives: of fields, fragments, variables and operations.
        fields: all fields.
        fragments: named fragments of the text.
        operations: operations of the text, of which a request runs one.
        root_fields: fields of the operation itself.
        mutations: fields of a mutation itself, each of which writes.
        introspected: fields that ask about the schema, `__schema`, `__type` and those below. One
            under another name counts ten times, for that is how one asks for the whole of it again
            and again; what tools send comes to 230.
        comparisons: steps of the check that fields of one name can be one field; it alone grows
            with the square of the document. The unit is graphql-core's complexity budget.
    """

    characters: int = 65_536
    tokens: int = 2_000
    depth: int = 15
    aliases: int = 100
    directives: int = 50
    fields: int = 2_000
    fragments: int = 50
    operations: int = 50
    root_fields: int = 50
    mutations: int = 10
    introspected: int = 300
    comparisons: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableLimits:
    """How large the variables of a request may be; each is the largest number let through.

    Attributes:
        values: values of any kind, those within lists and objects included.
        characters: of one text, but for the contents of a file. The longest one that a cloud takes
            has 4096.
    """

    values: int = 10_000
    characters: int = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPolicy:
    """Which documents are run.

    Attributes:
        limits: how large they may be, unless they are trusted.
        variables: how large what is handed in with them may be.
        introspection: whether they may ask about the schema. If not, errors suggest no names
            either; `__typename` may always be asked for.
        only_trusted: whether trusted documents alone are run.
        max_cached: documents kept prepared, at most.
        max_cached_bytes: memory they take, at most, by an estimate on the high side.
    """

    limits: DocumentLimits = field(default_factory=DocumentLimits)
    variables: VariableLimits = field(default_factory=VariableLimits)
    introspection: bool = True
    only_trusted: bool = False
    max_cached: int = 1_000
    max_cached_bytes: int = 64 * 1024 * 1024
