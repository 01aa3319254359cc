"""What it costs and what it achieves."""
