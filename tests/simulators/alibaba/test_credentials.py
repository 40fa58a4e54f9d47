import re

from gateway.simulators.alibaba import generate_credentials


def test_a_seed_repeats_credentials_and_no_seed_does_not() -> None:
    assert generate_credentials(3) == generate_credentials(3) != generate_credentials(4)
    assert generate_credentials() != generate_credentials()


def test_credentials_have_the_vendors_shapes_and_hide_the_secret() -> None:
    made = generate_credentials()
    assert re.fullmatch(r"LTAI5t[A-Za-z0-9]{18}", made.access_key_id)
    assert re.fullmatch(r"[A-Za-z0-9]{30}", made.access_key_secret)
    assert re.fullmatch(r"iot-[a-z0-9]{15}", made.instance_id)
    assert made.access_key_secret not in repr(made)
