"""custagent: create, test, deploy and run an AI customer agent from the command line."""

__version__ = "0.1.0"
