"""Security mechanisms: what is said between the greeting and the first message. No I/O."""
