"""Continuous delivery for machine learning, driven by repository state."""

__version__ = "0.1.0"
