"""One drill: its loop, and what the loop consults."""
