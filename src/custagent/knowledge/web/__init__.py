"""Getting pages from the web: guarded, polite, bounded, each page once."""
