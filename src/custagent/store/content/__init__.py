"""What agents answer from, and what they could not answer."""
