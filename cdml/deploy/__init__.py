"""Places where a model can be served, one module each."""
