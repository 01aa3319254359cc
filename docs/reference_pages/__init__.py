"""What makes the pages of the reference, a file a page; `docs/reference.py` writes them."""
