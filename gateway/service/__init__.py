"""Use cases over all backends: routing, fan-out, merging. Knows the port, no vendor."""
