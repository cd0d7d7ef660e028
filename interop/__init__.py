"""Tests of pyzmtp against libzmq, over real sockets, with libzmq in a process of its own."""
