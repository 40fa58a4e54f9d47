"""Backends in the schema."""
