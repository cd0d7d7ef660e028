"""Where Twisted begins: transports, connecting, listening. Everything below is free of I/O."""
