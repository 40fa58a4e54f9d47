"""What the demo starts: a simulation that knows where it is reached."""

import httpx

from gateway.simulators.alibaba import SIMULATOR, AlibabaSimulator
from tests.simulators.alibaba.caller import FakeClock

ADDRESS = "http://127.0.0.1:8001"


async def test_uploads_go_where_the_demo_serves_the_simulation() -> None:
    clock = FakeClock()
    simulation = SIMULATOR.start(7, clock)
    settings = simulation.settings(ADDRESS)
    assert settings["endpoint"] == ADDRESS
    transport = httpx.ASGITransport(app=simulation.app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        answer = await http.post("/oss", files={"file": ("a.bin", b"a")})
        assert (answer.status_code, "InvalidArgument" in answer.text) == (400, True)


def test_a_simulator_can_be_told_its_address_later() -> None:
    simulator = AlibabaSimulator(
        access_key_id="k", access_key_secret="s", instance_id="i", packages=1, jobs=1, tasks=1
    )
    assert simulator.public_address.endswith(".aliyuncs.com")
    simulator.public_address = f"{ADDRESS}/"
    assert simulator.public_address == ADDRESS
