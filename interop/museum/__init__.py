"""Interop with the libzmq versions of the past; run by `python -m interop.museum`."""
