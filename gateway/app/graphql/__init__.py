"""GraphQL over HTTP, server-sent events and WebSocket, on an endpoint of our own.

`endpoint` is the door, `replies` says what is answered how, `executor` and `gatekeeper` are the
ports to what lies behind: documents and their execution, and who may ask.
"""
