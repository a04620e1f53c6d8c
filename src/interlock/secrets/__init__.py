"""Secrets by name: kept for an account, given to commands that may have them, taken out of text."""
