# pyzmtp/net/fired.py when it is compiled as pyzmtp._speedups.fired: a Python class needs no types.
