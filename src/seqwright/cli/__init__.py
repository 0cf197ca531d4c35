"""The command line: parse, call one library function, print.

Nothing here imports more than click when it is imported itself: `seqwright --help` and completion answer at once, and
each command imports the parts of seqwright that it uses inside its function.
"""
