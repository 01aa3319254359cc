"""The command line: parse, call, print. No business rule lives here."""
