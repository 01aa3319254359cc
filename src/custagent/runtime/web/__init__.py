"""What is served by HTTP: the runner's application, its figures, the inbox's pages, the chat of a preview."""
