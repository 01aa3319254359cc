"""The runner: what it does at the same time, a loop or a step a file."""
