"""The command line: each command parses its arguments, calls one library function and prints the result.

Modules of this package import nothing but click at import time, so that `seqwright --help` and completion are fast;
a command imports the parts of seqwright that it uses inside its function.
"""
