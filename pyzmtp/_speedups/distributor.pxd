# Types for pyzmtp/patterns/distributor.py when it is compiled as pyzmtp._speedups.distributor.

cimport cython

from pyzmtp._speedups.pipe cimport Pipe as CompiledPipe
from pyzmtp._speedups.subscription_trie cimport SubscriptionTrie as CompiledTrie

@cython.locals(pipe=CompiledPipe, dropped=Py_ssize_t)
cpdef Py_ssize_t distribute(object message, object pipes) except -1

@cython.locals(pipe=CompiledPipe)
cpdef bint have_room(object pipes) except -1

@cython.locals(sent=Py_ssize_t, dropped=Py_ssize_t, message=list)
cpdef publish(list messages, CompiledTrie subscriptions, bint nodrop)
