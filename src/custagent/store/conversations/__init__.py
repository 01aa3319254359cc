"""Contacts, their conversations, and the replies on their way."""
