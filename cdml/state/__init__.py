"""What a revision holds: the doors to git and DVC, and the snapshot that they give."""
