"""Questions in, hits out; the front doors."""
