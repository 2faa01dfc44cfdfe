"""Versions, assignments and release records, as git holds them."""
