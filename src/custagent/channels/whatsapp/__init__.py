"""WhatsApp (Cloud API): the provider's words to ours and back, sending, files, and keeping webhooks subscribed."""
