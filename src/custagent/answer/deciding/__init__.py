"""How sure the agent is, and what it does about it."""
