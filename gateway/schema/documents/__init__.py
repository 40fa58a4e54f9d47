"""Documents before they run: parsed, measured, validated and kept, at a cost that is bounded."""
