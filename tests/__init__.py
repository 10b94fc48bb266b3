"""The rules as sentences, over the real application."""
