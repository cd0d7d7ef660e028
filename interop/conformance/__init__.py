"""libzmq's own tests as scenarios that both libraries play, separately and with each other.

A scenario (`scenarios/`) is a coroutine function, written once against `Actor` and registered under
the name of libzmq's test. It is played with the first part given to one library and the second to
the other, all four ways, and returns what came of it, as a plain value without times. The values
must be what libzmq's test expects, four times, unless `departures.py` says otherwise and why.
`inventory.py` holds the list of libzmq's tests; each is played, or has its reason.

`python -m interop.conformance [WORD ...]` plays all scenarios, or those whose id holds a word, and
prints the figures; pytest plays them one by one and prints the same at its end.
"""
