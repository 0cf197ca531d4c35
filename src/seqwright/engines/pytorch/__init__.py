"""The PyTorch engine, for `pip install 'seqwright[torch]'`; imported only when a device of PyTorch is chosen."""
