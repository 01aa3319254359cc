"""The chat on the company's own pages: what browsers load, ask for and are sent."""
