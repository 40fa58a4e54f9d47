"""Firmware modules of products in the schema."""
