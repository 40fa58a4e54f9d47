"""What every section of the settings is made of."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

ENV_PREFIX: Final = "OTA_GATEWAY_"

LONGEST_S: Final = 30 * 86_400.0
"""No time that can be set is longer, in seconds."""

Seconds = Annotated[float, Field(gt=0, le=LONGEST_S)]


class SettingsError(Exception):
    """The gateway cannot start with these settings; `problems` names each key and what is wrong."""

    def __init__(self, problems: list[str]) -> None:
        """Keep one line for each wrong key."""
        super().__init__("\n".join(problems))
        self.problems = problems


class Section(BaseModel):
    """Settings that belong together; surplus keys are refused, and values are never printed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
