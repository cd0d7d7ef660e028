"""Tests of pyzmtp.txzmq in memory; what txZMQ itself does is in interop/txzmq."""
