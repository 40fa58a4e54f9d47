"""How much processor time documents that mean harm take of the event loop, before they are refused.

    python -m benchmarks.hostile_documents

Exits with 1 if one of them is not refused.
"""

import json
import statistics
import sys
import time
from typing import Final

from benchmarks.figures import machine
from gateway.schema.documents.library import DocumentLibrary
from gateway.schema.root import create_schema
from tests.schema.documents.hostile import HOSTILE

TRIVIAL: Final = "{ backends { id name } }"
RUNS: Final = 7


def main() -> int:
    """Print a line for each document: time, size, and the first error."""
    print(machine())
    print(f"median of {RUNS} runs, each on a document not seen before (slowest in brackets)")
    library = create_schema().documents
    _report(library, "a trivial query, for comparison", TRIVIAL)
    refused = [_report(library, name, text) for name, text in HOSTILE.items()]
    return 0 if all(refused) else 1


def _report(library: DocumentLibrary, name: str, text: str) -> bool:
    times: list[float] = []
    for run in range(RUNS):
        unseen = f"{text}#{run}"
        begin = time.thread_time()
        prepared = library.prepare(unseen)
        times.append(1_000 * (time.thread_time() - begin))
    answer = json.dumps([error.formatted for error in prepared.errors])
    told = f"{len(answer):5} B  {prepared.errors[0].message[:70]}" if prepared.errors else "runs"
    print(f"{name:38} {statistics.median(times):6.2f} ms ({max(times):6.2f})  {told}")
    return bool(prepared.errors)


if __name__ == "__main__":
    sys.exit(main())
