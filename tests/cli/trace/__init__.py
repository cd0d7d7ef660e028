"""The tests of ``pyzmtp trace``."""
