"""State machines: the real store beside a model in plain Python, driven by Hypothesis."""
