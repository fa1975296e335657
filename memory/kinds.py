"""The kinds a memory may be of: a short word of the client's own choosing."""

import re

KIND = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
KIND_RULE = "1 to 32 of a to z, 0 to 9, _ and -, the first a letter"
