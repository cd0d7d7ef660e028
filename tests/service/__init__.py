"""Tests of the services for ``twisted.application``."""
