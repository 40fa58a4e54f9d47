"""Operations in the schema: every write the gateway took in."""
