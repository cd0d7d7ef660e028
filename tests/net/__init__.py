"""Tests of pyzmtp.net."""
