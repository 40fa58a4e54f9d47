"""Seeing inside the running gateway: numbers, log lines, traces, and whether it can serve."""
