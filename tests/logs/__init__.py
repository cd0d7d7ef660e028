"""Tests of log entries that are published."""
