"""Facebook Messenger: the provider's words to ours and back, sending, and taking in what an outage kept back."""
