"""How the gateway is served."""

import gc

from gateway.cli.serving import spare_the_collector


def test_what_is_there_once_the_gateway_serves_is_not_collected_again() -> None:
    try:
        spare_the_collector()
        before = gc.get_freeze_count()
        assert before > 0
        gc.collect()
        assert gc.get_freeze_count() == before
    finally:
        gc.unfreeze()
