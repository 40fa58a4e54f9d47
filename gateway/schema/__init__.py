"""The GraphQL schema: a folder per noun. Resolvers say what is wanted; the service finds it."""
