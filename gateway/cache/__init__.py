"""Cached reads: one answer kept for many callers, and honest about its age.

A read goes `provider` (which read, which key, which tags) -> `engine` (answer, refresh or load) ->
`shelf` (envelopes and generations) -> `store` (aiocache: in memory, or Redis shared by replicas).
"""
