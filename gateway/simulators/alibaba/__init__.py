"""A stand-in for Alibaba Cloud IoT Platform: its OTA operations over signed RPC.

`AlibabaSimulator(...).app` is an ASGI application with the whole endpoint; `generate_credentials`
makes the key pair and instance id that a demo hands to both sides. `Readings` and `Habits` are
options of the simulator, and `BrokenConnectionError` is what its scripted faults end in.
"""

from gateway.simulators.alibaba.credentials import AlibabaCredentials, generate_credentials
from gateway.simulators.alibaba.errors import InventedCodes
from gateway.simulators.alibaba.executed import ExecutedWrite
from gateway.simulators.alibaba.faults import BrokenConnectionError
from gateway.simulators.alibaba.plugin import SIMULATOR
from gateway.simulators.alibaba.readings import Habits, Readings
from gateway.simulators.alibaba.simulator import AlibabaSimulator

__all__ = [
    "SIMULATOR",
    "AlibabaCredentials",
    "AlibabaSimulator",
    "BrokenConnectionError",
    "ExecutedWrite",
    "Habits",
    "InventedCodes",
    "Readings",
    "generate_credentials",
]
