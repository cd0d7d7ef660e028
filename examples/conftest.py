"""What the tests of the examples share: pyzmtp's fixtures for pytest."""

pytest_plugins = ["pyzmtp.testing.pytest_plugin"]
