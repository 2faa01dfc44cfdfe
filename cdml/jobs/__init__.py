"""What a verb means. Jobs return data; only the command line prints."""
