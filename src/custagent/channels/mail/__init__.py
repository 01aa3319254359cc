"""Mail without IO: bytes read, judged and put in their conversation, and replies written."""
