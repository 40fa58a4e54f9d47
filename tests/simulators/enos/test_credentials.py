"""Credentials for the demo."""

import re
import uuid

from gateway.simulators.enos import EnosCredentials, generate_credentials


def test_generated_credentials_have_the_vendors_form_and_differ() -> None:
    first, second = generate_credentials(), generate_credentials()
    assert str(uuid.UUID(first.app_key)) == first.app_key
    assert str(uuid.UUID(first.app_secret)) == first.app_secret
    assert re.fullmatch(r"o\d{14}", first.org_id)
    assert first != second


def test_the_secret_stays_out_of_the_representation() -> None:
    credentials = EnosCredentials(app_key="key", app_secret="hidden", org_id="o1")
    assert "hidden" not in repr(credentials)
