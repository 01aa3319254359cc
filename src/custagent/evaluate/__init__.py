"""What the agent did, in figures: reckoned, explained and drawn. Pure: nothing here reads or writes anything."""
