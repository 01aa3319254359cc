"""What people see of conversations, and what they do with them."""
