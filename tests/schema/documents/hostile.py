"""Documents that mean harm: small to send, dear to read."""

from collections.abc import Mapping
from typing import Final


def fragment_bomb(levels: int) -> str:
    """Each fragment spreads the next one twice, so that the last one is there 2^levels times."""
    bomb = "".join(
        f"fragment F{n} on Query {{ __typename ...F{n + 1} ...F{n + 1} }} " for n in range(levels)
    )
    return f"{{ ...F0 }} {bomb} fragment F{levels} on Query {{ backends {{ id }} }}"


def overlapping_fragments(number: int) -> str:
    """Every fragment selects the same, and each has to be compared with each."""
    spreads = " ".join(f"...F{n}" for n in range(number))
    fragments = " ".join(f"fragment F{n} on Query {{ backends {{ id }} }}" for n in range(number))
    return f"{{ {spreads} }} {fragments}"


def fragment_web(number: int) -> str:
    """Every fragment selects the same and spreads the ten after it."""
    fragments = " ".join(
        f"fragment F{n} on Query {{ backends {{ id }} "
        + " ".join(f"...F{m}" for m in range(n + 1, min(n + 11, number)))
        + " }"
        for n in range(number)
    )
    return "{ ...F0 } " + fragments


def aliases(number: int, field: str = "__typename") -> str:
    return "{ " + " ".join(f"a{n}: {field}" for n in range(number)) + " }"


def directives(number: int) -> str:
    return "{ __typename " + "@skip(if: false) " * number + "}"


def repeats(number: int, selection: str = "backends { id }") -> str:
    """One composite field again and again: every two of them have to be compared."""
    return "{ " + f"{selection} " * number + "}"


def deep(levels: int) -> str:
    return "{ a " * levels + "}" * levels


def deep_list(levels: int) -> str:
    return "{ a(b: " + "[" * levels + "]" * levels + ") }"


def deep_object(levels: int) -> str:
    return "{ a(b: " + "{ c: " * levels + "1" + " }" * levels + ") }"


def inline_fragments(levels: int) -> str:
    return "{ " + "... { " * levels + "__typename" + " }" * levels + " }"


def circular_introspection(levels: int) -> str:
    return (
        "{ __schema { types { " + "fields { type { " * levels + "name" + " } }" * levels + " } } }"
    )


HOSTILE: Final[Mapping[str, str]] = {
    "fragment bomb of 60 levels": fragment_bomb(60),
    "fragment bomb of 40 levels": fragment_bomb(40),
    "10,000 aliases": aliases(10_000),
    "400 aliases": aliases(400),
    "10,000 directives": directives(10_000),
    "200 directives": directives(200),
    "5,000 deep selections": deep(5_000),
    "150 deep selections": deep(150),
    "5,000 deep lists": deep_list(5_000),
    "5,000 deep objects": deep_object(5_000),
    "150 deep inline fragments": inline_fragments(150),
    "150 overlapping fragments": overlapping_fragments(150),
    "50 overlapping fragments of 4 repeats": overlapping_fragments(50).replace(
        "backends { id }", "backends { id name title } " * 4
    ),
    "50 fragments that spread 10 others": fragment_web(50),
    "480 repeats of one field": repeats(480),
    "480 repeats of one field further in": f"{{ otaJobs {repeats(480, 'sources { outcome }')} }}",
    "900 repeats of a field further in": f"{{ otaJobs {repeats(900, 'totalCount')} }}",
    "90 repeats of a deep field": (
        f"{{ otaJobs {repeats(90, 'edges { node { backend { id name } id } }')} }}"
    ),
    "45 fragments that repeat a field": (
        "{ otaJobs { "
        + " ".join(f"...F{n}" for n in range(45))
        + " } } "
        + " ".join(
            f"fragment F{n} on OtaJobConnection {{ {'sources { outcome } ' * 4} }}"
            for n in range(45)
        )
    ),
    "circular introspection": circular_introspection(12),
    "60 introspections": aliases(60, "__schema { types { fields { args { name } } } }"),
    "50,000 comments": "#\n" * 50_000 + "{ __typename }",
    "a million spaces": " " * 1_000_000 + "{ __typename }",
    "a name of 60,000 letters": "{ " + "a" * 60_000 + " }",
}
"""What each is, and its text; the gateway refuses every one of them."""
