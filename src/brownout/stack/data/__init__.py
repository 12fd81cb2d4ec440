"""The shop's data and models: made once, kept in the cache, put into place fast."""
