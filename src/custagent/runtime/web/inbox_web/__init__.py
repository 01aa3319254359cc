"""The web inbox: sign-in, pages and live changes, served by the runner at `/inbox` (HND-5)."""
