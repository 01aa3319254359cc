"""The database file: opened, written by one, looked over, copied and put back."""
