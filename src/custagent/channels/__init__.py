"""Where messages come in and go out: one file a channel kind, its pure half apart from its IO."""
