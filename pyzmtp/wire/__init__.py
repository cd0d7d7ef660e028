"""Bytes to values and back: greeting, frames, commands, metadata, subscriptions. No I/O."""
