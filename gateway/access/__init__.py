"""Who may come in: API keys, tokens of an identity provider, and how often each may ask.

Everything here works on plain values; the clocks and the way to fetch keys are handed in.
"""
