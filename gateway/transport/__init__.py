"""What clients of all vendors share: HTTP, deadlines, retries, the upstream budget, tokens."""
