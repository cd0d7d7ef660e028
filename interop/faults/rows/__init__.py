"""All rows. Importing this registers them, in the order of the table."""

from __future__ import annotations

# isort: off
from interop.faults.rows import stopped, killed, descriptors, paths, names, networks, backlog

__all__ = ["backlog", "descriptors", "killed", "names", "networks", "paths", "stopped"]
