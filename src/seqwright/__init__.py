"""seqwright."""
