# Types for pyzmtp/patterns/envelope.py when it is compiled as pyzmtp._speedups.envelope.

cimport cython

from pyzmtp._speedups.pipe cimport Pipe as CompiledPipe

@cython.locals(message=list)
cpdef address(list messages, bytes sender)

@cython.locals(pipe=CompiledPipe)
cpdef bint route(dict pipes, list message) except -1

cpdef Py_ssize_t route_batch(dict pipes, list messages, Py_ssize_t start) except -1
