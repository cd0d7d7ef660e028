"""Sockets over real connections on every reactor that this machine has: ``python -m tests.reactors``.

Each reactor runs in a process of its own. ``loops`` tells how each is started, the modules with a
``CASES`` what is tried on all of them, and ``__main__`` prints the table.
"""
