"""Frozen data to Markdown, terminal tables and JSON."""
