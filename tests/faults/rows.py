"""The failures this suite is about, by the number of their row in the project's failure list.

A row is proven by a test whose name begins with it (`test_a04_...`), in any file of this folder, or
by tests of other suites, which are listed here. One that cannot be produced on an ordinary machine
is listed here too, with the reason.
"""

from collections.abc import Iterator, Mapping
from typing import Final

GROUPS: Final[Mapping[str, tuple[str, int]]] = {
    "A": ("upstream transport", 22),
    "B": ("upstream content", 12),
    "C": ("writes, exactly once", 16),
    "D": ("cache and Redis", 16),
    "E": ("life cycle and load", 15),
    "F": ("hostile GraphQL", 15),
    "G": ("authentication and authorisation", 15),
    "H": ("secrets and logs", 12),
}
"""What each group is about, and how many rows it has."""

NOT_PRODUCED: Final[Mapping[str, str]] = {
    "E14": "settings and secrets are read once, at the start: there is no reload. A change is "
    "rolled out by replacing replicas one at a time.",
}
"""Rows without a test, each with the reason."""

_KEYS: Final = "tests/exactly_once/test_idempotency.py"
_LOST: Final = "tests/exactly_once/test_lost_answers.py"
_STOPPING: Final = "tests/exactly_once/test_stopping.py"
_WRITES: Final = "tests/end_to_end/test_writes.py"

ELSEWHERE: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "C1": {_KEYS: ("test_a_key_that_is_used_again_gives_the_stored_answer_and_asks_no_cloud",)},
    "C2": {
        "tests/exactly_once/test_crowd.py": (
            "test_a_crowd_with_one_key_at_two_gateways_gets_one_job",
        ),
        _WRITES: ("test_one_key_is_one_write_however_many_ask_whichever_gateway",),
    },
    "C3": {
        _KEYS: (
            "test_a_key_that_is_used_for_another_input_is_a_conflict_and_nothing_is_written",
            "test_a_key_that_is_used_on_the_other_cloud_is_a_conflict",
        )
    },
    "C4": {
        "tests/faults/test_g_objects.py": ("test_g12_their_idempotency_keys_are_free_for_me",),
    },
    "C6": {
        _LOST: (
            "test_a_job_whose_answer_is_lost_is_unknown_then_found_and_made_once",
            "test_every_write_is_found_when_its_answer_is_lost",
            "test_a_job_that_was_never_made_is_found_missing_and_its_key_makes_it_once",
        ),
        "tests/service/writing/test_settling.py": (
            "test_looking_begins_after_the_answer_was_given_up_and_after_the_cloud_s_lag",
        ),
    },
    "C9": {
        "tests/exactly_once/test_kills.py": (
            "test_killed_gateways_leave_neither_duplicates_nor_gaps_and_the_next_settles_all",
        )
    },
    "C10": {_WRITES: ("test_without_a_journal_reads_go_on_and_writes_are_refused",)},
    "C11": {
        "tests/journal/test_opening.py": ("test_what_could_not_keep_a_journal_is_refused",),
    },
    "C12": {_STOPPING: ("test_writes_go_on_when_their_callers_leave",)},
    "C13": {
        _STOPPING: (
            "test_writes_under_way_end_and_new_ones_are_refused_when_the_gateway_is_told_to_stop",
            "test_writes_that_outlast_the_grace_are_journalled_as_sent_and_found_after_the_restart",
        )
    },
    "C15": {_KEYS: ("test_aliases_of_one_write_in_one_document_are_one_write",)},
}
"""Rows that tests of other suites prove, alone or beside those here: their names by file."""


def every_row() -> Iterator[str]:
    """All rows in order, `A1` to `H12`."""
    for group, (_, count) in GROUPS.items():
        yield from (f"{group}{number}" for number in range(1, count + 1))
