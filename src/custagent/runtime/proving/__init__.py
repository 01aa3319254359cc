"""Trying an agent before contacts meet it: previews, test cases, simulations, plans, the demo."""
