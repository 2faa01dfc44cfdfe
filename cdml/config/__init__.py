"""mlops.yaml: read, checked in words a person can act on, handed down as frozen data."""
