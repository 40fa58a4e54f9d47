"""OTA tasks in the schema."""
