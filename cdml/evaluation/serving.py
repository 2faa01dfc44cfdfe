"""What a model costs to serve: numbers that are measured beside the predictions, and judged as they stand."""

from __future__ import annotations

# Milliseconds of one prediction (median and 99th percentile of many), and the artifact's size in 10^6 bytes. Less
# is better; they are measured or counted by whoever runs the model, so that no rows stand behind them.
SERVING = ("latency_p50_ms", "latency_p99_ms", "model_size_mb")
