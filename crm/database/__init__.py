"""Django's PostgreSQL engine, for the embedded server: the first connection starts it."""
