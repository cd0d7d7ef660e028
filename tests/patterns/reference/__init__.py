"""What each socket type does, written from ZMTP.md, section 7, and the RFCs; slow, and short.

A model keeps the queues of its peers in plain lists. It says what becomes of a message, and nothing of
how; :mod:`tests.patterns.machine` holds a pattern against it, step by step.
"""
