"""How Sphinx makes a book of these pages: ``python -m sphinx -nW -b html docs docs/_build``."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

project = "pyzmtp"
author = "pyzmtp contributors"
project_copyright = author
release = version_of("pyzmtp")
version = ".".join(release.split(".")[:2])

extensions = ["myst_parser", "sphinx.ext.autodoc", "tools.book.references"]
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3  # for links such as services.md#logs, as on GitHub

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {
    name: name
    for name in (
        "BatchCallback",
        "BytesLike",
        "Handler",
        "Message",
        "Reactor",
        "Sendable",
    )
}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 110
add_module_names = False

html_theme = "furo"
html_title = f"pyzmtp {release}"
html_copy_source = False
html_show_sphinx = False
