"""Firmware packages in the schema."""
