"""``python -m pyzmtp``: the command line of :mod:`pyzmtp.cli`."""

from __future__ import annotations

from pyzmtp.cli import main

if __name__ == "__main__":
    main()
