"""Faults that really happen, and what pyzmtp makes of them.

A row (`rows/`) is a coroutine function, registered by `row.row`, that makes a fault happen and asserts what
must follow: processes of libzmq's that are stopped and killed, descriptors that run out, directories that
go away, names that are not found, a network that loses packets, consumers that are slow. It may return a
figure for the table. Some need a process of their own, some a network or mounts of their own
(`machine.py`); where the machine does not allow that, the table says why.

`python -m interop.faults [WORD ...]` runs all rows, or those whose name holds a word, and prints the table;
pytest runs those that this machine allows, one by one, and prints the same table at its end.
"""
