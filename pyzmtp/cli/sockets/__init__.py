"""A command for each socket type, in the manner of ``cat``: what is read is sent, what is received is
written.
"""

from __future__ import annotations
