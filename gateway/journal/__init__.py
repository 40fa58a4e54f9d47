"""The journal: every write, in a database that survives the gateway.

SQLite is for one gateway, whose processes share the file on one machine; several machines share
PostgreSQL.
"""
