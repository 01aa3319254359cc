"""The kinds of channel that this installation serves, and what each needs of the workspace."""
