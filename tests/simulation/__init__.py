"""Whole lives of many sockets, drawn from a seed and judged after each step.

A plan is made from a seed: which sockets there are, on which hosts, with which options, who binds and
who connects; then what they send and receive and what goes wrong, step by step. It is played on the
network in memory, so that the same plan is always the same run. After each step, and more thoroughly
whenever all is calm, it is checked that

- no message was invented, changed, cut apart or received twice, and none came to somebody else's door;
- those from one peer come in their order;
- none is lost that ZMTP.md 8.3 says is kept, and what is dropped is counted and told;
- the high-water marks hold, in messages and in bytes;
- who can be reached is reached, and what can be sent is sent: by turns, and all of it;
- each request gets its own reply;
- every Deferred fires in the end, and of a closed socket nothing is left in the reactor.

::

    python -m tests.simulation --seeds 2000       # the first 2000 seeds
    python -m tests.simulation --seed 17          # one, with its plan and what came of it

A seed that fails is printed, with the shortest plan that fails in the same way.
"""
