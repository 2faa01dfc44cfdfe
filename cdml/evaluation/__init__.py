"""Metrics, paired statistics and gates: arrays in, intervals and verdicts out."""
