"""OTA jobs in the schema."""
