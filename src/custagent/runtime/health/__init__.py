"""How the workspace and its surroundings are doing."""
