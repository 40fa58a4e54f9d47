"""Every operation this endpoint has; one that is not in here does not exist, and is answered so."""

from typing import Final

from gateway.simulators.alibaba.read_operations import READS
from gateway.simulators.alibaba.write_operations import WRITES

OPERATIONS: Final = {operation.name: operation for operation in (*READS, *WRITES)}
WRITE_NAMES: Final = frozenset(operation.name for operation in WRITES)
