"""Keeping the workspace safe, and what people said private."""
