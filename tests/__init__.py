"""The tests of pyzmtp."""
