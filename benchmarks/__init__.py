"""Measurements of seqwright against PyTorch on the same processor: `python -m benchmarks --help`."""
