"""The words of passages that answer, whole and as they stand."""
