"""The query language of the searches: text to a tree, knowing no field of any action.

```
expr := cond { (and|or) cond }                    keywords in any case
cond := path '=' lit | path 'in' '(' lit {',' lit} ')' | path 'like' str
path := ident { '.' ident }
lit  := str | true | false | number
```

Literals take single or double quotes and no escapes. Precedence is not documented: `and` binds
tighter than `or`, as in SQL. Everything the vendor's samples do not use is refused: parentheses
around conditions, `!=`, `exists`, an empty expression.
Source: EnOS Connection API V2.1, query expression; the grammar covers every vendor sample.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

Literal = str | bool | float


class Operator(StrEnum):
    """How a condition compares."""

    EQUALS = "="
    IN = "in"
    LIKE = "like"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison; `literals` holds one value unless the operator is `in`."""

    path: str
    operator: Operator
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Conditions that must all hold; at least one."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """Conjunctions of which at least one must hold; at least one."""

    alternatives: tuple[Conjunction, ...]

    def required(self, path: str) -> frozenset[Literal] | None:
        """The only values `path` can have in a match; None when any value can match.

        Lets a search start from an index instead of looking at every record.
        """
        allowed: frozenset[Literal] = frozenset()
        for conjunction in self.alternatives:
            sets = [
                frozenset(condition.literals)
                for condition in conjunction.conditions
                if condition.path == path and condition.operator is not Operator.LIKE
            ]
            if not sets:
                return None
            allowed |= frozenset.intersection(*sets)
        return allowed


class ExpressionError(ValueError):
    """The text is not an expression, or uses what an action does not allow."""


class _Token(NamedTuple):
    kind: str
    text: str


_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>'[^']*'|"[^"]*")
          |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
          |(?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
          |(?P<sign>[=(),]))""",
    re.VERBOSE | re.ASCII,
)
_BOOLEANS: Final = {"true": True, "false": False}
_END: Final = _Token("end", "the end")


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: the text does not follow the grammar.
    """
    return _Parser(_tokens(text)).expression()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    text = text.rstrip()
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            message = f"cannot read {text[position : position + 20]!r}"
            raise ExpressionError(message)
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0

    def expression(self) -> Expression:
        alternatives = [self._conjunction()]
        while self._accept_word("or"):
            alternatives.append(self._conjunction())
        if self._peek() is not _END:
            message = f"unexpected {self._peek().text}"
            raise ExpressionError(message)
        return Expression(tuple(alternatives))

    def _conjunction(self) -> Conjunction:
        conditions = [self._condition()]
        while self._accept_word("and"):
            conditions.append(self._condition())
        return Conjunction(tuple(conditions))

    def _condition(self) -> Condition:
        path = self._take("word").text
        if self._accept_word("in"):
            self._take("sign", "(")
            literals = [self._literal()]
            while self._accept_sign(","):
                literals.append(self._literal())
            self._take("sign", ")")
            return Condition(path=path, operator=Operator.IN, literals=tuple(literals))
        if self._accept_word("like"):
            text = self._take("string").text[1:-1]
            return Condition(path=path, operator=Operator.LIKE, literals=(text,))
        self._take("sign", "=")
        return Condition(path=path, operator=Operator.EQUALS, literals=(self._literal(),))

    def _literal(self) -> Literal:
        token = self._next()
        if token.kind == "string":
            return token.text[1:-1]
        if token.kind == "number":
            return float(token.text)
        if token.kind == "word" and token.text.lower() in _BOOLEANS:
            return _BOOLEANS[token.text.lower()]
        message = f"expected a value, found {token.text}"
        raise ExpressionError(message)

    def _peek(self) -> _Token:
        return self._tokens[self._position] if self._position < len(self._tokens) else _END

    def _next(self) -> _Token:
        token = self._peek()
        self._position += 1
        return token

    def _take(self, kind: str, text: str | None = None) -> _Token:
        token = self._next()
        if token.kind != kind or (text is not None and token.text != text):
            message = f"expected {text or kind}, found {token.text}"
            raise ExpressionError(message)
        return token

    def _accept_word(self, word: str) -> bool:
        token = self._peek()
        found = token.kind == "word" and token.text.lower() == word
        self._position += found
        return found

    def _accept_sign(self, sign: str) -> bool:
        found = self._peek() == _Token("sign", sign)
        self._position += found
        return found
