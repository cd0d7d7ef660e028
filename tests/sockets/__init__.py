"""Tests of pyzmtp.sockets."""
