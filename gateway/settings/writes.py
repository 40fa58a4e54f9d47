"""Whether and how the gateway writes."""

from pydantic import Field

from gateway.settings.section import Seconds, Section


class WriteSettings(Section):
    """Whether and how the gateway writes.

    Without `enabled` everything can be read and nothing written, and there is no journal. `mark`
    puts a marker into new jobs where their users can see it, so that one whose answer was lost is
    found for certain. `grace_s` is how long writes under way may take to end when the gateway is
    told to stop. The files of a new package may have `max_file_bytes` together.
    """

    enabled: bool = True
    mark: bool = True
    grace_s: Seconds = 20.0
    max_file_bytes: int = Field(default=64 * 1024 * 1024, ge=1)
