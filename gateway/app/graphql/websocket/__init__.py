"""The graphql-transport-ws protocol, on a handler of our own.

Source: graphql-ws, PROTOCOL.md.
"""
