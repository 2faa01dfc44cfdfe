"""Places where pull requests live, one module each."""
