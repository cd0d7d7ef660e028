# Types for pyzmtp/patterns/distributor.py when it is compiled as pyzmtp._speedups.distributor.

cimport cython

from pyzmtp._speedups.pipe cimport Pipe as CompiledPipe

@cython.locals(pipe=CompiledPipe, dropped=Py_ssize_t)
cpdef Py_ssize_t distribute(object message, object pipes) except -1
