"""Who gets which message: the socket types' rules of routing. No I/O, no bytes of the wire."""
