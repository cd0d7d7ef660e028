"""pyzmtp.txzmq beside the real txZMQ 1.0.0: its programs, its own tests, and pairs of the two."""
