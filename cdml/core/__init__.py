"""Frozen data, errors and the few doors through which the toolkit touches the world."""
