"""How the tables came to be, a subject a file: steps of `migrations`, never edited once they have landed."""
