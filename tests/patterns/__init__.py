"""The tests of pyzmtp.patterns."""
