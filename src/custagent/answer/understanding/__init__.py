"""What a message wants, told from it and its conversation before any content is looked at."""
