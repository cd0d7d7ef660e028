"""Whether anything grows while pyzmtp works for long: ``python -m bench soak --minutes N``.

One process plays both sides of many sockets, without end: some last, some come and go, over tcp, ipc and
inproc, with CURVE and PLAIN. Two other processes make trouble: one puts lines between the sockets that it
resets and stalls, and sends junk (``trouble.py``); the others have libzmq's sockets, and are stopped and
killed (``mortal.py``). What happens next is drawn from a seed.

Every few seconds all come to rest, and what there is then is counted (``census.py``): how much has to be
there at rest does not depend on how fast the machine is. After a warm-up, none of it may grow
with the number of connections made (``verdict.py``); in the end, when all is closed, nothing may be left.

How it is cut: ``players/`` is what is done, one file each; ``world.py`` is what players share;
``run.py`` plays, rests and counts; ``plot.py`` draws; ``command.py`` is the command line.
"""
