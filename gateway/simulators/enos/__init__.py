"""EnOS Connection Service v2.1, simulated: OTA jobs, OTA tasks and firmware over real HTTP.

Written from the vendor's pages alone, and stricter than the cloud is known to be: signatures,
times, page limits, fields and operators are all checked.
"""

from gateway.simulators.enos.credentials import EnosCredentials, generate_credentials
from gateway.simulators.enos.envelope import GateEnvelope
from gateway.simulators.enos.plugin import SIMULATOR
from gateway.simulators.enos.simulator import EnosSimulator

__all__ = ["SIMULATOR", "EnosCredentials", "EnosSimulator", "GateEnvelope", "generate_credentials"]
