"""Letters in, index out."""
