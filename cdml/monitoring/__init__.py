"""Models in production: batches of what they were asked and said, drift, and performance; pure over tables."""
