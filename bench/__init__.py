"""How fast pyzmtp is, beside the other ways to speak ZeroMQ from Python.

``python -m bench`` measures every implementation in one run, in fresh pairs of processes over tcp
loopback with equal kernel buffers, the rounds interleaved (A B C, A B C, ...) so that a machine
that drifts slows everybody alike. What counts are therefore the ratios, not the figures.

How it is cut:

* one file a measurement: ``throughput.py``, ``round_trip.py``; ``measurements.py`` lists them;
* one file an implementation: ``peers/*.py``; ``implementations.py`` lists them, together with the
  environment each row needs (the accelerator on or off);
* ``worker.py`` is the child process, ``runner.py`` starts pairs of them and bounds them in time,
  ``report.py`` does the arithmetic and the tables, ``__main__.py`` is the command line.

A new measurement names the two roles it needs; an implementation takes part as soon as its file
offers both of them.
"""
