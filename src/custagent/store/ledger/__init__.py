"""Credits: entries that are never changed, and what they add up to."""
