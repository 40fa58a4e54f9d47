"""Settings of one Acme backend."""

from pydantic import BaseModel, ConfigDict, SecretStr


class AcmeSettings(BaseModel):
    """Where the cloud is, and the key that lets us in."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    endpoint: str
    key: SecretStr
