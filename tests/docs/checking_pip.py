"""`pip` as the documents call it: it installs nothing, and fails where an extra does not exist."""

import re
import sys
from importlib import metadata

extras = set(metadata.metadata("seqwright").get_all("Provides-Extra"))
for name, listed in re.findall(r"(seqwright|\.)\[([\w,]+)\]", " ".join(sys.argv[1:])):
    if missing := set(listed.split(",")) - extras:
        sys.exit(f"{name} has no extra {', '.join(sorted(missing))}; it has {', '.join(sorted(extras))}")
