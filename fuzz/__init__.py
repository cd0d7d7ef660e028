"""Finds bytes that break pyzmtp: ``python -m fuzz --help``.

How it is cut:

* one file a target: ``targets/*.py``, each beginning with what it promises; ``target.py`` runs one
  input through a target and looks at what it cost;
* two drivers make inputs: ``guided.py`` has atheris find new paths, ``plain.py`` needs nothing but
  Python; ``worker.py`` is the process that one of them runs in, ``runner.py`` starts workers and bounds
  them in time, ``report.py`` makes the tables, ``__main__.py`` is the command line;
* ``reader.py`` and ``feeding.py`` are what targets share: an input as a list of choices, and the ways to
  cut a stream;
* inputs to begin with are in ``corpus/``: ``vectors.py`` makes them from the tests' vectors, and
  ``capture.py`` from what libzmq and pyzmtp say to each other;
* inputs that have broken something are in ``regressions/``, which an ordinary test replays.
"""
