"""Invites read back by software that nobody here wrote."""
