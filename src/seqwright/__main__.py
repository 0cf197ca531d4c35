"""`python -m seqwright`, for where the command is not on the path."""

import sys

from seqwright.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
