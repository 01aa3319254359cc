"""What people decide in YAML: agents, channels, users, teams, who is live where. File, version and audit row go together."""
