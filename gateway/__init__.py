"""One GraphQL endpoint for firmware updates across clouds."""

__version__ = "0.1.0"
