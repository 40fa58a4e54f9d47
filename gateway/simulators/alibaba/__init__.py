"""A stand-in for Alibaba Cloud IoT Platform: its OTA read operations over signed RPC.

`AlibabaSimulator(...).app` is an ASGI application with the whole endpoint; `generate_credentials`
makes the key pair and instance id that a demo hands to both sides.
"""

from gateway.simulators.alibaba.credentials import AlibabaCredentials, generate_credentials
from gateway.simulators.alibaba.plugin import SIMULATOR
from gateway.simulators.alibaba.simulator import AlibabaSimulator

__all__ = ["SIMULATOR", "AlibabaCredentials", "AlibabaSimulator", "generate_credentials"]
