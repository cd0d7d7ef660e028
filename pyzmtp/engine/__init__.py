"""One connection to one peer, without any I/O: bytes and the time go in, messages and bytes come out."""
