"""The knowledge room: from sources to passages that can be found and cited."""
