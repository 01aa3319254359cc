"""What a model writes, and what is checked before anybody reads it."""
