"""The composition root and the work that runs: the only floor that knows concrete classes."""
